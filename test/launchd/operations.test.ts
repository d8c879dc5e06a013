/** Operations over any control: ensureStopped, replace and waitFor. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import {
  buildJobPlist,
  controlMeaning,
  ensureStopped,
  type JobDefinitionInput,
  LaunchctlControl,
  replace,
  type ServiceTarget,
  waitFor,
} from '../../src/launchd/index.js';
import { FakeControl } from '../helpers/fake-control.js';
import { rejectionOf } from '../helpers/thrown.js';
import { absent, ECHO, FakeLaunchctl, printed } from './fake-launchctl.js';

const directory = mkdtempSync(join(tmpdir(), 'lp-'));
afterAll(() => rmSync(directory, { recursive: true }));
const TARGET: ServiceTarget = 'user/501/com.example.echo';

function plist(more: Partial<JobDefinitionInput> = {}): string {
  const path = join(directory, 'job.plist');
  const definition = { Label: 'com.example.echo', ProgramArguments: ['/bin/echo'], ...more };
  writeFileSync(path, buildJobPlist(definition), { mode: 0o600 });
  return path;
}

describe('ensureStopped', () => {
  it('launchd case 42: has nothing to do for a job that is not loaded, nor in a domain that does not exist', async () => {
    const control = new FakeControl();
    expect(await ensureStopped(control, TARGET)).toBe(false);
    expect(await ensureStopped(control, 'gui/7/com.example.echo')).toBe(false);
  });

  it('unloads a job', async () => {
    const control = new FakeControl();
    await control.bootstrap('user/501', plist());
    expect(await ensureStopped(control, TARGET)).toBe(true);
    expect(control.jobs.size).toBe(0);
  });

  it('launchd case 53: looks, and asks no second time, when nobody knows what came of it', async () => {
    const control = new FakeControl();
    await control.bootstrap('user/501', plist());
    control.after = (verb) => {
      if (verb === 'bootout') throw new LaunchportError('ERR_LAUNCHD_UNKNOWN_OUTCOME', 'no answer');
    };
    expect(await ensureStopped(control, TARGET)).toBe(true);
    expect(control.calls.filter((call) => call.startsWith('bootout'))).toHaveLength(1);
  });

  it('passes on why a job cannot be unloaded', async () => {
    const control = new FakeControl();
    control.failNext('bootout', new LaunchportError('ERR_LAUNCHD_PERMISSION', 'no'));
    expect((await rejectionOf(ensureStopped(control, TARGET))).code).toBe('ERR_LAUNCHD_PERMISSION');
  });

  it('allows a job the time it takes to end when the caller sets none', async () => {
    const slow = printed('running.txt') as { stdout: string };
    const running = { stdout: slow.stdout.replace('exit timeout = 5', 'exit timeout = 60') };
    const fake = new FakeLaunchctl({ print: [running], bootout: [{}] });
    const control = new LaunchctlControl(fake.options);
    await rejectionOf(control.bootout(ECHO));
    expect(fake.clock.time).toBe(65_000);
    await rejectionOf(control.bootout(ECHO, { timeout: 10_000 }));
    expect(fake.clock.time).toBe(75_000);
  });
});

describe('replace', () => {
  it('loads a job that was not loaded', async () => {
    const control = new FakeControl();
    expect(await replace(control, 'user/501', plist())).toMatchObject({ target: TARGET, wasLoaded: false });
    expect(control.calls.map((call) => call.split(' ')[0])).toEqual(['overrides', 'bootstrap']);
  });

  it('launchd case 70: gives a job that ran a new process and the new definition', async () => {
    const control = new FakeControl();
    await control.bootstrap('user/501', plist());
    const before = control.jobs.get(TARGET)?.pid;
    const replaced = await replace(control, 'user/501', plist({ ProgramArguments: ['/bin/echo', 'new'] }));
    expect(replaced.wasLoaded).toBe(true);
    expect(replaced.status).toMatchObject({ state: 'running', arguments: ['/bin/echo', 'new'] });
    expect(replaced.status.pid).not.toBe(before);
    expect(control.calls.filter((call) => call.startsWith('kickstart'))).toEqual([]);
  });

  it.each<[string, Partial<JobDefinitionInput>, string]>([
    ['disabled by its plist', { Disabled: true }, 'disabled'],
    ['meant for another session', { LimitLoadToSessionType: 'Aqua' }, 'sessionMismatch'],
  ])('keeps the job that is loaded when the new one is %s', async (_, more, meaning) => {
    const control = new FakeControl({ kind: 'launchctl' });
    await control.bootstrap('user/501', plist());
    expect(controlMeaning(await rejectionOf(replace(control, 'user/501', plist(more))))).toBe(meaning);
    expect(control.jobs.has(TARGET)).toBe(true);
  });

  it('keeps the job that is loaded when the plist is bad', async () => {
    const control = new FakeControl();
    await control.bootstrap('user/501', plist());
    const path = plist();
    writeFileSync(path, '<plist><dict/></plist>');
    expect((await rejectionOf(replace(control, 'user/501', path))).code).toBe('ERR_LAUNCHD_PLIST');
    expect(control.jobs.has(TARGET)).toBe(true);
  });

  it('says so when the former job is gone and the new one is not there', async () => {
    const control = new FakeControl();
    const path = plist();
    await control.bootstrap('user/501', path);
    control.failNext('bootstrap', new LaunchportError('ERR_LAUNCHD_PERMISSION', 'no'));
    const error = await rejectionOf(replace(control, 'user/501', path));
    expect(error.code).toBe('ERR_LAUNCHD_PERMISSION');
    expect(error.details).toMatchObject({ isUnloaded: true });
  });

  it('unloads what another process loaded in between', async () => {
    const control = new FakeControl();
    const path = plist();
    let isFirst = true;
    control.before = async (verb) => {
      if (verb !== 'bootstrap' || !isFirst) return;
      isFirst = false;
      await control.bootstrap('user/501', path);
    };
    await replace(control, 'user/501', path);
    expect(control.jobs.size).toBe(1);
  });

  it('runs one at a time for one label', async () => {
    const control = new FakeControl();
    const path = plist();
    await Promise.all([1, 2, 3].map(() => replace(control, 'user/501', path)));
    const verbs = control.calls.map((call) => call.split(' ')[0]);
    expect(verbs.filter((verb) => verb !== 'overrides')).toEqual([
      'bootstrap',
      'bootout',
      'bootstrap',
      'bootout',
      'bootstrap',
    ]);
  });
});

describe('waitFor', () => {
  const wait = (texts: readonly string[], condition: Parameters<typeof waitFor>[2], timeout = 30_000) => {
    const print = texts.map((name) => (name === 'absent' ? absent : printed(name)));
    const fake = new FakeLaunchctl({ print });
    const control = new LaunchctlControl(fake.options);
    return waitFor(control, ECHO, condition, { clock: fake.clock, timeout });
  };

  it('resolves to the first status that is as wanted', async () => {
    const texts = ['never-exited.txt', 'xpcproxy.txt', 'running.txt'];
    expect((await wait(texts, 'running'))?.pid).toBe(4711);
    expect((await wait(texts, 'spawn scheduled'))?.state).toBe('spawn scheduled');
    expect(await wait(['exiting.txt', 'absent'], 'absent')).toBeUndefined();
    expect((await wait(texts, (status) => (status?.runs ?? 0) > 1))?.runs).toBe(2);
  });

  it('tells the last status when it never is', async () => {
    const error = await rejectionOf(wait(['never-exited.txt'], 'running', 5000));
    expect(error.code).toBe('ERR_TIMEOUT');
    expect(error.message).toContain('not running');
    expect(error.details).toMatchObject({ status: { state: 'not running' } });
  });

  it('launchd case 54: tells when launchd holds the job back', async () => {
    expect(controlMeaning(await rejectionOf(wait(['pended.txt'], 'running')))).toBe('pended');
  });
});
