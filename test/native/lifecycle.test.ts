/**
 * The documented rules of libxpc, one row each, tried on the Linux libxpc itself: `test/native/lifecycle/` proves a rule
 * by calling the C API, with nothing of the addon or of JavaScript in between. A rule that ends the process is tried in
 * a process of its own, and must end it with a message of ours.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildLifecycleAddon } from './lifecycle/build.js';
import { ABORTING_RULES, type Row, RULES } from './lifecycle/table.js';

const RUNNER = fileURLToPath(new URL('lifecycle/run.mjs', import.meta.url));
const BUILD_TIMEOUT = 240_000;
const RUN_TIMEOUT = 60_000;

const TITLE = 'rules of libxpc';
const isLinux = process.platform === 'linux';

interface Outcome {
  readonly name: string;
  readonly problem?: string;
}

describe.skipIf(!isLinux)(
  isLinux ? TITLE : `${TITLE} (of the Linux library)`,
  { timeout: RUN_TIMEOUT },
  () => {
    const outcomes = new Map<string, string | undefined>();
    let addon = '';
    let names: string[] = [];

    beforeAll(() => {
      addon = buildLifecycleAddon();
      const list = spawnSync(
        process.execPath,
        ['-p', 'JSON.stringify(require(process.argv[1]).names())', addon],
        {
          encoding: 'utf8',
        },
      );
      names = JSON.parse(list.stdout) as string[];
      const aborting = new Set(Object.values(ABORTING_RULES).flatMap((rows) => rows.map(([name]) => name)));
      prove(names.filter((name) => !aborting.has(name)));
    }, BUILD_TIMEOUT);

    /** All in one process, and those after one that it did not survive in another. */
    function prove(rules: readonly string[]): void {
      for (let rest = rules; rest.length > 0; ) {
        const { stdout, stderr, signal, status } = run(rest);
        const lines = stdout.trim().split('\n').filter(Boolean);
        for (const line of lines) {
          const { name, problem } = JSON.parse(line) as Outcome;
          outcomes.set(name, problem);
        }
        const fatal = rest[lines.length];
        if (fatal !== undefined) outcomes.set(fatal, `ended the process: ${signal ?? status}\n${stderr}`);
        rest = rest.slice(lines.length + 1);
      }
    }

    function run(rules: readonly string[]) {
      return spawnSync(process.execPath, [RUNNER, addon, ...rules], {
        encoding: 'utf8',
        timeout: RUN_TIMEOUT,
        killSignal: 'SIGKILL',
      });
    }

    it('every rule has its row, and every row its rule', () => {
      const rows = [...Object.values(RULES), ...Object.values(ABORTING_RULES)].flat();
      expect(rows.map(([name]) => name).sort()).toEqual([...names].sort());
    });

    describe.each(Object.entries(RULES))('%s', (_topic, rows) => {
      it.each<Row>([...rows])('%s: %s', (name) => {
        expect(outcomes.has(name), 'was tried').toBe(true);
        expect(outcomes.get(name)).toBeUndefined();
      });
    });

    describe.each(Object.entries(ABORTING_RULES))('%s', (_topic, rows) => {
      it.each([...rows])('%s: %s', (name, _rule, message) => {
        const { signal, stdout, stderr } = run([name]);
        expect(stderr).toContain(`XPC API misuse: ${message}`);
        expect(['SIGABRT', 'SIGTRAP']).toContain(signal);
        expect(stdout).toBe('');
      });
    });
  },
);
