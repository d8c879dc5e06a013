/** What docs/launchd.md says, against the program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES, EXIT_CODES, LaunchportError } from '../../src/base/index.js';
import { run } from '../../src/cli/run.js';
import { buildJobPlist, controlMeaning } from '../../src/launchd/index.js';
import { captureContext } from '../helpers/cli-context.js';
import { FakeControl } from '../helpers/fake-control.js';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/launchd.md'), 'utf8');

it('every code has the exit status of the table, and every meaning is one', () => {
  const rows = [...page.matchAll(/^\| `(ERR_\w+)` +\|([^|]*)\|[^|]*\| (\d) +\|$/gm)];
  expect(rows.length).toBeGreaterThan(10);
  for (const [, code, meanings, status] of rows) {
    const known = code as keyof typeof ERROR_CODES;
    expect([code, EXIT_CODES[ERROR_CODES[known]]]).toEqual([code, Number(status)]);
    for (const [, meaning] of (meanings as string).matchAll(/`(\w+)`/g))
      expect(controlMeaning(new LaunchportError(known, '', { details: { meaning } }))).toBe(meaning);
  }
});

it('the commands of its first example are understood, in their order', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lp-page-'));
  try {
    const log = join(directory, 'log');
    writeFileSync(log, 'hello\n');
    writeFileSync(
      join(directory, 'com.example.echo.plist'),
      buildJobPlist({
        Label: 'com.example.echo',
        ProgramArguments: ['/bin/cat'],
        StandardOutPath: log,
      }),
      { mode: 0o600 },
    );
    const control = Object.assign(new FakeControl(), { events: async function* () {} });
    const example = /```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const commands = example.trim().split('\n');
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const context = captureContext({}, directory, { control });
      if (command.includes(' -f')) context.abort();
      expect([command, await run(command.split(' ').slice(1), context)]).toEqual([command, 0]);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('lint says what the page shows', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lp-page-'));
  try {
    const [, args, output] = /\$ launchport (plist lint .*)\n([\s\S]*?)```/.exec(page) ?? [];
    writeFileSync(
      join(directory, 'other.plist'),
      buildJobPlist({ Label: 'com.example.echo', ProgramArguments: ['/bin/cat'] }),
      { mode: 0o600 },
    );
    const context = captureContext({}, directory);
    expect(await run(args?.split(' ') ?? [], context)).toBe(0);
    expect(context.output()).toBe(output);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
