/** Acceptance cases as launchctl shows them: what the control makes of what it sees. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { launchctlFailure } from '../../src/launchd/failure.js';
import {
  buildJobPlist,
  controlMeaning,
  ensureStopped,
  type JobDefinitionInput,
  LaunchctlControl,
  waitFor,
} from '../../src/launchd/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import {
  type Answer,
  absent,
  bootstrapFailed,
  ECHO,
  FakeLaunchctl,
  fixture,
  printed,
} from './fake-launchctl.js';

const directory = mkdtempSync(join(tmpdir(), 'lp-'));
afterAll(() => rmSync(directory, { recursive: true }));
const idle = printed('never-exited.txt');
const running = printed('running.txt');

function launchd(script: Readonly<Record<string, readonly Answer[]>>) {
  const fake = new FakeLaunchctl(script);
  return { fake, control: new LaunchctlControl(fake.options) };
}

/** Loads a job; the commands but for the bootstrap itself. */
async function load(more: Partial<JobDefinitionInput>, script: Readonly<Record<string, readonly Answer[]>>) {
  const path = join(directory, 'job.plist');
  const definition = { Label: 'com.example.echo', ProgramArguments: ['/bin/echo'], ...more };
  writeFileSync(path, buildJobPlist(definition), { mode: 0o600 });
  const { fake, control } = launchd({ bootstrap: [{}], ...script });
  await control.bootstrap('gui/501', path);
  return { fake, after: fake.commands.slice(1) };
}

describe('what a load sets off', () => {
  it('launchd case 1: a job on demand is left waiting', async () => {
    const { fake, after } = await load(
      { MachServices: { 'com.example.echo': true } },
      { print: [absent, idle] },
    );
    expect(after).toEqual([]);
    const control = new LaunchctlControl(fake.options);
    const status = await control.print(ECHO);
    expect(status).toMatchObject({ state: 'not running', runs: 0 });
    expect(status?.endpoints.every((endpoint) => !endpoint.isActive)).toBe(true);
  });

  it.each<[string, Partial<JobDefinitionInput>]>([
    ['RunAtLoad', { RunAtLoad: true }],
    ['KeepAlive', { KeepAlive: true }],
    ['SuccessfulExit', { KeepAlive: { SuccessfulExit: false } }],
    ['Crashed', { KeepAlive: { Crashed: true } }],
  ])('launchd case 25: a start by %s that launchd holds back is asked for, once', async (_, more) => {
    const { after } = await load(more, { print: [absent, printed('pended.txt')], kickstart: [{}] });
    expect(after).toEqual([`kickstart ${ECHO}`]);
  });

  it('launchd case 25: a start that took place is left alone', async () => {
    const ran = { stdout: fixture('print/never-exited.txt').replace('runs = 0', 'runs = 1') };
    for (const print of [running, printed('xpcproxy.txt'), ran]) {
      expect((await load({ RunAtLoad: true }, { print: [absent, print] })).after).toEqual([]);
    }
  });

  it.each<[string, Partial<JobDefinitionInput>]>([
    ['AfterInitialDemand', { KeepAlive: { SuccessfulExit: false, AfterInitialDemand: true } }],
    ['PathState', { KeepAlive: { PathState: { '/tmp/x': true } } }],
    ['nothing', {}],
  ])('a job that waits for demand, by %s, is not started', async (_, more) => {
    expect((await load(more, { print: [absent, idle] })).after).toEqual([]);
  });

  it('a kickstart that fails or hangs does not fail the load', async () => {
    for (const answer of [{ exit: 37 }, { exit: 113 }, 'hang'] as const) {
      const { fake } = await load({ RunAtLoad: true }, { print: [absent, idle], kickstart: [answer] });
      expect(fake.clock.time).toBeLessThanOrEqual(5000);
    }
  });
});

describe('what launchd says of names', () => {
  it.each([
    [13, 1102, 'notFound'],
    [21, 1102, 'notFound'],
    [22, 1100, 'notPermitted'],
    [23, 1103, 'serviceTaken'],
  ])('launchd case %d: %d is %s', (_, number, meaning) => {
    const result = { exitStatus: number, signal: undefined, isTimedOut: false, stdout: '', stderr: '' };
    expect(controlMeaning(launchctlFailure({ arguments: [] }, result))).toBe(meaning);
  });
});

describe('every number has one meaning, and advice', () => {
  const NUMBERS = [
    1, 2, 3, 5, 17, 36, 37, 64, 78, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 118, 119, 121, 122, 123,
    124, 125, 126, 127, 128, 129, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 144, 145, 146, 150, 152,
    153, 154, 155, 158, 163, 1100, 1101, 1102, 1103, 1104, 1105, 1106,
  ];
  it.each(NUMBERS)('%d', (number) => {
    const result = { exitStatus: number, signal: undefined, isTimedOut: false, stdout: '', stderr: '' };
    const error = launchctlFailure({ arguments: ['verb'], domain: 'gui/501' }, result);
    expect(error.details.number).toBe(number);
    expect(controlMeaning(error)).toBe(error.details.meaning);
    expect(error.details.meaning === 'unknown').toBe(number === 5);
    expect(error.message).not.toContain('exit status');
    expect(error.hint).toMatch(/^[A-Z].*[.]$/);
  });

  it('a number nobody knows is passed on as it is', () => {
    const result = { exitStatus: 99, signal: undefined, isTimedOut: false, stdout: '', stderr: '' };
    const error = launchctlFailure({ arguments: ['verb'] }, result);
    expect(controlMeaning(error)).toBe('unknown');
    expect(error.hint).toContain('launchctl error 99');
  });
});

describe('how jobs end', () => {
  it('launchd case 38: a job that was killed shows the signal', async () => {
    const { control } = launchd({ print: [printed('macos-26-held-back.txt')] });
    expect((await control.print(ECHO))?.lastExit).toEqual({ kind: 'signaled', signal: 'SIGKILL' });
  });

  it('launchd case 39: a job without a time to end is waited for as long as a call may take', async () => {
    const forever = {
      stdout: fixture('print/exiting.txt').replace(/exit timeout = \d+/, 'exit timeout = 0'),
    };
    const { fake, control } = launchd({ print: [forever], bootout: [{}] });
    expect(controlMeaning(await rejectionOf(control.bootout(ECHO)))).toBe('busy');
    expect(fake.clock.time).toBe(30_000);
  });

  it('launchd case 65: a job that runs once is gone after it', async () => {
    const { fake, control } = launchd({ print: [running, running, absent] });
    expect(await waitFor(control, ECHO, 'absent', { clock: fake.clock })).toBeUndefined();
  });

  it('launchd case 69: a job is unloaded though clients wait for it', async () => {
    const { fake, control } = launchd({ print: [idle, running, absent], bootout: [{}] });
    expect(await ensureStopped(control, ECHO, { clock: fake.clock })).toBe(true);
    expect(fake.commands).toEqual([`bootout ${ECHO}`]);
  });
});

describe('jobs enabled and disabled by hand', () => {
  it('launchd case 47: disable refuses the next load, enable allows it, for a label that is not loaded', async () => {
    const { fake, control } = launchd({ enable: [{}], disable: [{}] });
    await control.disable(ECHO);
    await control.enable(ECHO);
    expect(fake.commands).toEqual([`disable ${ECHO}`, `enable ${ECHO}`]);
    const refused = bootstrapFailed(119, 'Service is disabled');
    expect(controlMeaning(await rejectionOf(load({}, { print: [absent], bootstrap: [refused] })))).toBe(
      'disabled',
    );
  });

  it('launchd case 49: the database is read in either syntax', async () => {
    for (const release of ['12', '13']) {
      const { control } = launchd({
        'print-disabled': [{ stdout: fixture(`print-disabled-${release}.txt`) }],
      });
      expect((await control.overrides('gui/501')).get('com.example.echo')).toBe(true);
    }
  });

  it('launchd case 53: without an answer the database tells what came of it', async () => {
    const disabled: Answer = { stdout: 'disabled services = {\n\t"com.example.echo" => disabled\n}\n' };
    const { fake, control } = launchd({ disable: ['hang'], enable: ['hang'], 'print-disabled': [disabled] });
    await control.disable(ECHO);
    expect(controlMeaning(await rejectionOf(control.enable(ECHO)))).toBe('unknownOutcome');
    expect(fake.commands.filter((command) => /^(?:en|dis)able/.test(command))).toHaveLength(2);
  });

  it('reports why it cannot be done', async () => {
    const { control } = launchd({ disable: [{ exit: 1, stderr: 'Operation not permitted\n' }] });
    const error = await rejectionOf(control.disable(ECHO));
    expect(controlMeaning(error)).toBe('notPermitted');
    expect(error.details).toMatchObject({ arguments: ['disable', ECHO], domain: 'gui/501', exitStatus: 1 });
  });
});
