/** New plugins work as they are written: their own tests pass, and those of the conformance kit. */
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { verifyBundle } from '../../src/verify/index.js';
import { captureContext } from '../helpers/cli-context.js';
import { useDirectory } from '../plugin/bundles.js';

const ROOT = resolve(import.meta.dirname, '../..');
const directory = useDirectory();

/** A directory in which `launchport` and the types of Node are installed. */
function workshop(): string {
  mkdirSync(join(directory(), 'node_modules'));
  symlinkSync(ROOT, join(directory(), 'node_modules/launchport'));
  symlinkSync(join(ROOT, 'node_modules/@types'), join(directory(), 'node_modules/@types'));
  return directory();
}

async function init(place: string, name: string, ...options: readonly string[]): Promise<string> {
  const context = captureContext({ HOME: place }, place);
  expect(await run(['plugin', 'init', name, ...options], context)).toBe(0);
  return join(place, name);
}

/** Runs a program of Node; resolves to what it wrote, rejects with that when it fails. */
function node(cwd: string, ...args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const env = { PATH: process.env.PATH, HOME: cwd };
    execFile(process.execPath, [...args], { cwd, env, timeout: 280_000 }, (error, stdout, stderr) =>
      error === null ? done(stdout) : fail(new Error(`${error.message}\n${stdout}${stderr}`)),
    );
  });
}

const TYPES = ['core', 'network', 'runtime', 'cli'] as const;

describe.runIf(process.platform === 'linux')('a new plugin', () => {
  it('passes its own tests, with nothing but launchport and Node', { timeout: 300_000 }, async () => {
    const place = workshop();
    const tested = TYPES.map(async (type) => {
      const bundle = await init(place, `my-${type}`, '--type', type);
      expect(await node(bundle, '--test', 'src/')).toMatch(/^# fail 0$/m);
      return bundle;
    });
    const [core = ''] = await Promise.all(tested);
    const report = await verifyBundle(core, { timeout: 60_000, exitTimeout: 60_000 });
    expect(report.checks.filter(({ result }) => result === 'fail')).toEqual([]);
  });

  it('in TypeScript compiles under strict rules, and passes too', { timeout: 300_000 }, async () => {
    const place = workshop();
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    // One after another: four compilers at once are more than a small machine has room for.
    for (const type of TYPES) {
      const bundle = await init(place, `my-${type}`, '--type', type, '--language', 'ts');
      await node(bundle, compiler);
    }
    expect(await node(join(place, 'my-core'), '--test', 'dist/')).toMatch(/^# fail 0$/m);
  });
});
