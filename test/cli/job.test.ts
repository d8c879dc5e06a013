/** `launchport job …` and completion over a launchd in memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { run } from '../../src/cli/run.js';
import { buildJobPlist, type JobDefinitionInput, parsePrint } from '../../src/launchd/index.js';
import { type CapturedContext, captureContext } from '../helpers/cli-context.js';
import { FakeControl } from '../helpers/fake-control.js';

let directory: string;
let control: FakeControl;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lp-job-'));
  control = new FakeControl({ domains: ['user/501', 'gui/501'] });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function plist(label: string, more: Partial<JobDefinitionInput> = {}): string {
  const path = join(directory, `${label}.plist`);
  writeFileSync(path, buildJobPlist({ Label: label, ProgramArguments: ['/bin/cat'], ...more }), {
    mode: 0o600,
  });
  return path;
}

/** Loads a job without the command line. */
async function load(label: string, more: Partial<JobDefinitionInput> = {}): Promise<void> {
  await control.bootstrap('user/501', plist(label, more));
  control.calls.length = 0;
}

async function job(...args: readonly string[]): Promise<CapturedContext & { readonly status: number }> {
  const context = captureContext({}, directory, { control });
  const status = await run(['job', ...args], context);
  return { ...context, status };
}

describe('job list', () => {
  it('shows what is loaded, as a table and as JSON', async () => {
    await load('com.example.a');
    const table = await job('list');
    expect(table.output()).toBe('PID  STATUS  LABEL\n100  0       com.example.a\n');
    expect(table.status).toBe(0);
    expect(JSON.parse((await job('ls', '--json')).output())).toEqual([
      { label: 'com.example.a', pid: 100, status: 0 },
    ]);
  });

  it('shows what was enabled and disabled by hand, in a domain that may be named', async () => {
    await control.disable('user/501/com.example.b');
    await control.enable('user/501/com.example.a');
    await control.disable('gui/501/com.example.c');
    expect((await job('list', '--disabled')).output()).toBe(
      'OVERRIDE  LABEL\nenabled   com.example.a\ndisabled  com.example.b\n',
    );
    expect(JSON.parse((await job('list', '--disabled', '--domain', 'gui/501', '--json')).output())).toEqual([
      { label: 'com.example.c', isDisabled: true },
    ]);
    expect((await job('list', '--disabled', '--domain', 'pid/5')).status).toBe(2);
  });
});

describe('job print', () => {
  it('writes the layout of launchctl, which reads back, and JSON', async () => {
    await load('com.example.a', { MachServices: { 'com.example.a': true } });
    const status = await control.print('user/501/com.example.a');
    const { output } = await job('print', 'com.example.a');
    expect(output()).toMatch(/^user\/501\/com\.example\.a = \{\n\tactive count = 1\n/);
    expect(parsePrint(output(), 'user/501/com.example.a')).toMatchObject({ state: 'running', pid: 100 });
    expect(JSON.parse((await job('print', 'user/501/com.example.a', '--json')).output())).toEqual(status);
  });

  it('says that a job is not loaded, with exit status 4, and refuses what is no target with 2', async () => {
    const missing = await job('print', 'com.example.a');
    expect(missing.status).toBe(4);
    expect(missing.errors()).toContain('user/501/com.example.a is not loaded [ERR_LAUNCHD_NOT_LOADED]');
    expect((await job('print', 'login/1/a')).status).toBe(2);
    expect((await job('print', '../etc')).status).toBe(2);
    expect((await job('print', '-x')).status).toBe(2);
  });
});

describe('job bootstrap', () => {
  it('loads plists from where it is run, in the default domain or a named one', async () => {
    plist('com.example.a');
    plist('com.example.b');
    const done = await job('bootstrap', 'com.example.a.plist', 'com.example.b.plist');
    expect(done.output()).toBe('user/501/com.example.a: loaded\nuser/501/com.example.b: loaded\n');
    expect((await job('bootstrap', '--domain', 'gui/501', 'com.example.a.plist')).status).toBe(0);
    expect(control.calls.at(-1)).toBe(`bootstrap gui/501 ${directory}/com.example.a.plist`);
  });

  it('tells what was done before the first failure, in JSON too', async () => {
    await load('com.example.b');
    const path = plist('com.example.a');
    const failed = await job('bootstrap', '--json', path, join(directory, 'com.example.b.plist'), path);
    expect(failed.status).toBe(1);
    expect(JSON.parse(failed.output())).toEqual([{ target: 'user/501/com.example.a', result: 'loaded' }]);
    expect(JSON.parse(failed.errors())).toMatchObject({ error: { code: 'ERR_LAUNCHD_ALREADY_LOADED' } });
  });

  it('tells those who are used to launchctl how to name a domain', async () => {
    const { status, errors } = await job('bootstrap', 'gui/501', plist('com.example.a'));
    expect(status).toBe(2);
    expect(errors()).toContain('--domain gui/501');
    expect(control.calls).toEqual([]);
  });
});

describe('the verbs that change a job', () => {
  it.each([
    [['bootout', 'com.example.a'], 'bootout user/501/com.example.a', 'unloaded'],
    [['enable', 'gui/501/com.example.a'], 'enable gui/501/com.example.a', 'enabled'],
    [['disable', 'com.example.a'], 'disable user/501/com.example.a', 'disabled'],
    [['kickstart', 'com.example.a'], 'kickstart user/501/com.example.a', 'started, pid 100'],
    [['kickstart', '-k', 'com.example.a'], 'kickstart -k user/501/com.example.a', 'started, pid 101'],
    [['kill', 'term', 'com.example.a'], 'kill SIGTERM user/501/com.example.a', 'sent SIGTERM'],
    [['kill', '9', 'com.example.a'], 'kill SIGKILL user/501/com.example.a', 'sent SIGKILL'],
  ])('%j', async (args, call, result) => {
    await load('com.example.a');
    const done = await job(...args);
    expect(done.status).toBe(0);
    expect(control.calls).toEqual([call]);
    expect(done.output()).toMatch(new RegExp(`^\\S+/com\\.example\\.a: ${result}\n$`));
  });

  it('give the pid in JSON', async () => {
    await load('com.example.a');
    expect(JSON.parse((await job('kickstart', '--json', 'com.example.a')).output())).toEqual([
      { target: 'user/501/com.example.a', result: 'started', pid: 100 },
    ]);
  });

  it('fail with the exit status of the kind of failure', async () => {
    expect((await job('bootout', 'com.example.a')).status).toBe(4);
    control.failNext('enable', new LaunchportError('ERR_LAUNCHD_PERMISSION', 'no'));
    expect((await job('enable', 'com.example.a')).status).toBe(5);
    control.failNext('disable', new LaunchportError('ERR_LAUNCHD_UNKNOWN_OUTCOME', 'no answer'));
    expect((await job('disable', 'com.example.a')).status).toBe(7);
    control.failNext(
      'defaultDomain',
      new LaunchportError('ERR_SERVER_NOT_RUNNING', 'none', { hint: 'start' }),
    );
    expect((await job('bootout', 'com.example.a')).status).toBe(3);
    expect((await job('bootout')).status).toBe(2);
  });

  it('know signals, and send nothing for what is none', async () => {
    await load('com.example.a');
    for (const signal of ['SIGNOPE', '0', '99', '1.0', 'constructor']) {
      const refused = await job('kill', signal, 'com.example.a');
      expect(refused.status).toBe(2);
      expect(refused.errors()).toContain('TERM, KILL');
    }
    expect(control.calls).toEqual([]);
  });

  it('end with 130 when the user interrupts', async () => {
    await load('com.example.a');
    const context = captureContext({}, directory, { control });
    control.before = (_verb, _subject, { signal }) => {
      context.abort();
      signal?.throwIfAborted();
    };
    expect(await run(['job', 'bootout', 'com.example.a'], context)).toBe(130);
  });
});

describe('completion of job', () => {
  async function complete(...words: readonly string[]): Promise<string[]> {
    const context = captureContext({}, directory, { control });
    expect(await run(['complete', '--', ...words], context)).toBe(0);
    return context.output().split('\n').filter(Boolean);
  }

  it('offers verbs, labels, signals, and leaves files to the shell', async () => {
    await load('com.example.a');
    await load('com.example.b');
    await control.disable('user/501/com.example.gone');
    expect(await complete('job', 'k')).toEqual(['kickstart', 'kill']);
    expect(await complete('job', 'print', 'com')).toEqual(['com.example.a', 'com.example.b']);
    expect(await complete('job', 'print', 'com.example.a', '')).toEqual([]);
    expect(await complete('job', 'bootout', 'com.example.a', 'com.example.b')).toEqual(['com.example.b']);
    expect(await complete('job', 'kill', 'US')).toEqual(['USR1', 'USR2']);
    expect(await complete('job', 'kill', '--timeout', '5', 'US')).toEqual(['USR1', 'USR2']);
    expect(await complete('job', 'kill', 'USR1', 'com.example.b')).toEqual(['com.example.b']);
    expect(await complete('job', 'enable', '')).toEqual(['com.example.gone']);
    expect(await complete('job', 'disable', '')).toEqual(['com.example.a', 'com.example.b']);
    expect(await complete('job', 'bootstrap', '')).toEqual([]);
    expect(await complete('plist', 'l')).toEqual(['lint']);
    expect(await complete('plist', 'lint', '--system', '')).toEqual(['darwin', 'linux']);
    expect(await complete('ev')).toEqual(['events']);
  });

  it('offers nothing when the launchd fails', async () => {
    control.before = () => {
      throw new LaunchportError('ERR_SERVER_NOT_RUNNING', 'none');
    };
    expect(await complete('job', 'print', '')).toEqual([]);
  });
});
