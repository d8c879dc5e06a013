/** `launchport plist lint`. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { buildJobPlist, type JobDefinitionInput } from '../../src/launchd/index.js';
import { captureContext } from '../helpers/cli-context.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lp-lint-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const GOOD: JobDefinitionInput = { Label: 'com.example.a', ProgramArguments: ['/bin/cat'] };

function write(name: string, content: JobDefinitionInput | string): void {
  const text = typeof content === 'string' ? content : buildJobPlist(content);
  writeFileSync(join(directory, name), text, { mode: 0o600 });
}

async function lint(args: readonly string[], stdin?: Uint8Array) {
  const context = captureContext({}, directory, stdin === undefined ? {} : { stdin });
  const status = await run(['plist', 'lint', ...args], context);
  return { status, output: context.output(), errors: context.errors() };
}

it('says ok of a good plist, from a file and from stdin', async () => {
  write('com.example.a.plist', GOOD);
  expect(await lint(['com.example.a.plist'])).toEqual({
    status: 0,
    output: 'com.example.a.plist: ok\n',
    errors: '',
  });
  expect(await lint(['-'], Buffer.from(buildJobPlist(GOOD)))).toMatchObject({ status: 0, output: '-: ok\n' });
});

it('writes a line for each finding and its hint below; warnings are no failure', async () => {
  write('other.plist', { ...GOOD, LegacyTimers: true });
  const { status, output } = await lint(['--system', 'linux', 'other.plist']);
  expect(status).toBe(0);
  expect(output).toMatch(/^other\.plist: warning: Label: Label com\.example\.a and .*\n {2}Name the file /);
  expect(output).toMatch(/^other\.plist: warning: LegacyTimers: .*\n {2}Remove it/m);
  expect((await lint(['--system', 'darwin', 'other.plist'])).output).not.toContain('LegacyTimers');
});

it('fails with 6 for errors and for what it cannot read, and looks at the rest', async () => {
  write('com.example.a.plist', GOOD);
  write('com.example.b.plist', { Label: 'com.example.b', ProgramArguments: ['/nowhere/b'] });
  write('broken.plist', '<plist><dict>');
  const { status, output } = await lint([
    'gone.plist',
    '.',
    'broken.plist',
    'com.example.b.plist',
    'com.example.a.plist',
  ]);
  expect(status).toBe(6);
  expect(output).toMatch(/^gone\.plist: error: cannot be read: ENOENT.*\n {2}Check that the file exists/);
  expect(output).toMatch(/^\.: error: cannot be read: EISDIR/m);
  expect(output).toMatch(/^broken\.plist: error: /m);
  expect(output).toMatch(/^com\.example\.b\.plist: error: ProgramArguments: .*does not exist$/m);
  expect(output).toContain('com.example.a.plist: ok\n');
});

it('tells the mode that launchd refuses, as JSON', async () => {
  write('com.example.a.plist', GOOD);
  chmodSync(join(directory, 'com.example.a.plist'), 0o666);
  const { status, output } = await lint(['--json', 'com.example.a.plist', '-'], Buffer.from('nothing'));
  expect(status).toBe(6);
  expect(JSON.parse(output)).toMatchObject([
    { file: 'com.example.a.plist', findings: [{ severity: 'error', hint: 'Run chmod go-w on it.' }] },
    { file: '-', findings: [{ severity: 'error' }] },
  ]);
});

it('looks at the session of a domain, and refuses what is none', async () => {
  write('com.example.a.plist', { ...GOOD, LimitLoadToSessionType: 'Aqua' });
  const { output } = await lint(['--system', 'darwin', '--domain', 'user/501', 'com.example.a.plist']);
  expect(output).toContain('LimitLoadToSessionType');
  expect((await lint(['--domain', 'user', 'com.example.a.plist'])).status).toBe(2);
  expect((await lint([])).status).toBe(2);
  expect((await lint(['--system', 'bsd', 'x'])).status).toBe(2);
});

it('reads no more of stdin than a plist may have', async () => {
  let chunks = 0;
  const context = {
    ...captureContext({}, directory),
    stdin: async function* () {
      for (;;) {
        chunks += 1;
        yield new Uint8Array(1 << 19);
      }
    },
  };
  expect(await run(['plist', 'lint', '-'], context)).toBe(6);
  expect(chunks).toBe(3);
  expect(context.output()).toContain('larger than');
});
