import { describe, expect, it } from 'vitest';
import { ensureRunning, LaunchctlControl, type ServiceTarget } from '../../src/launchd/index.js';
import { parseKickstartPid } from '../../src/launchd/launchctl-kickstart.js';
import { rejectionOf } from '../helpers/thrown.js';
import { type Answer, absent, ECHO, FakeLaunchctl, fixture, printed } from './fake-launchctl.js';

const running = printed('running.txt');
const idle = printed('never-exited.txt');

function launchd(script: Readonly<Record<string, readonly Answer[]>>, uid = 501) {
  const fake = new FakeLaunchctl(script);
  return { fake, control: new LaunchctlControl({ ...fake.options, uid }) };
}

describe('kickstart', () => {
  it('launchd case 46: reads the pid that -p prints', async () => {
    const { fake, control } = launchd({ kickstart: [{ stdout: '4242\n' }] });
    expect(await control.kickstart(ECHO)).toBe(4242);
    expect(fake.commands).toEqual([`kickstart -p ${ECHO}`]);
    expect(parseKickstartPid('service spawned with pid: 4242\n')).toBe(4242);
    for (const text of ['', '0', '-1', '42 43', 'pid 42', '4242x', '99999999999']) {
      expect(parseKickstartPid(text)).toBeUndefined();
    }
  });

  it('launchd case 45: -k ends a running instance first', async () => {
    const { fake, control } = launchd({ print: [running], kickstart: [{ stdout: '4243\n' }] });
    expect(await control.kickstart(ECHO, { kill: true })).toBe(4243);
    expect(fake.commands).toEqual([`kickstart -k -p ${ECHO}`]);
  });

  it('looks for the pid when none is printed', async () => {
    const { control } = launchd({ kickstart: [{}], print: [running] });
    expect(await control.kickstart(ECHO)).toBe(4711);
  });

  it('launchd case 43: refuses a job that is not loaded', async () => {
    const { control } = launchd({ kickstart: [absent] });
    const error = await rejectionOf(control.kickstart(ECHO));
    expect(error.code).toBe('ERR_LAUNCHD_NOT_LOADED');
    expect(error.details).toMatchObject({ exitStatus: 113, label: 'com.example.echo' });
  });

  it('takes 37 for success, unless the running instance was to be ended', async () => {
    const plain = launchd({ kickstart: [{ exit: 37 }], print: [running] });
    expect(await plain.control.kickstart(ECHO)).toBe(4711);
    const kill = launchd({ kickstart: [{ exit: 37 }, { stdout: '4243' }], print: [running] });
    expect(await kill.control.kickstart(ECHO, { kill: true })).toBe(4243);
    const never = launchd({ kickstart: [{ exit: 37 }], print: [running] });
    expect((await rejectionOf(never.control.kickstart(ECHO, { kill: true }))).code).toBe('ERR_LAUNCHD_BUSY');
    expect(never.fake.commands).toHaveLength(4);
  });

  it('reports that a critical process may not be killed', async () => {
    const { control } = launchd({ kickstart: [{ exit: 1 }], print: [running] });
    expect((await rejectionOf(control.kickstart(ECHO, { kill: true }))).code).toBe('ERR_LAUNCHD_PERMISSION');
  });

  it('launchd case 53: without an answer, a process that was seen is success', async () => {
    const { fake, control } = launchd({ kickstart: ['hang'], print: [idle, running] });
    expect(await control.kickstart(ECHO)).toBe(4711);
    expect(fake.commands).toHaveLength(1);
  });

  it('launchd case 53: without an answer, the old process proves no restart', async () => {
    const { fake, control } = launchd({ kickstart: ['hang'], print: [running] });
    const error = await rejectionOf(control.kickstart(ECHO, { kill: true }));
    expect(error.code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    expect(fake.commands).toHaveLength(1);
  });
});

describe('kill', () => {
  it('sends a signal by name', async () => {
    const { fake, control } = launchd({ kill: [{}] });
    await control.kill(ECHO, 'SIGUSR1');
    expect(fake.commands).toEqual([`kill SIGUSR1 ${ECHO}`]);
  });

  it('tells a job without a process from a job that is not loaded', async () => {
    const noProcess = launchd({ kill: [{ exit: 3, stderr: 'No process to signal.\n' }], print: [idle] });
    expect((await rejectionOf(noProcess.control.kill(ECHO, 'SIGTERM'))).code).toBe('ERR_LAUNCHD_STATE');
    const notLoaded = launchd({ kill: [{ exit: 3 }], print: [absent] });
    expect((await rejectionOf(notLoaded.control.kill(ECHO, 'SIGTERM'))).code).toBe('ERR_LAUNCHD_NOT_LOADED');
  });

  it('does not guess whether a signal arrived', async () => {
    const { fake, control } = launchd({ kill: ['hang'] });
    expect((await rejectionOf(control.kill(ECHO, 'SIGTERM'))).code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    expect(fake.commands).toHaveLength(1);
  });

  it('refuses what is no signal of macOS', async () => {
    const { fake, control } = launchd({});
    for (const signal of ['SIGPWR', 'TERM', '-9', '']) {
      await expect(control.kill(ECHO, signal as NodeJS.Signals)).rejects.toThrow(TypeError);
    }
    expect(fake.commands).toEqual([]);
  });
});

describe('print', () => {
  it('gives the state of a job, or undefined when it is not loaded', async () => {
    expect(await launchd({ print: [running] }).control.print(ECHO)).toMatchObject({
      pid: 4711,
      state: 'running',
    });
    expect(await launchd({ print: [absent] }).control.print(ECHO)).toBeUndefined();
  });

  it.each([
    [112, 'ERR_LAUNCHD_NO_DOMAIN'],
    [64, 'ERR_LAUNCHD_COMMAND'],
  ])('does not take exit status %d for absence', async (exit, code) => {
    expect((await rejectionOf(launchd({ print: [{ exit }] }).control.print(ECHO))).code).toBe(code);
  });

  it('does not take silence for absence', async () => {
    const { control } = launchd({ print: ['hang'] });
    expect((await rejectionOf(control.print(ECHO))).code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
  });

  it('refuses a bare domain', async () => {
    const { control } = launchd({});
    expect((await rejectionOf(control.print('gui/501' as ServiceTarget))).code).toBe('ERR_LAUNCHD_TARGET');
  });
});

describe('list, managerName and defaultDomain', () => {
  it('list the jobs of the session', async () => {
    const { control } = launchd({ list: [{ stdout: fixture('list.txt') }] });
    expect((await control.list()).map((job) => job.label)).toContain('com.example.echo');
  });

  it('report a failure with stderr', async () => {
    const { control } = launchd({ list: [{ exit: 1, stderr: 'no\n' }] });
    expect((await rejectionOf(control.list())).details).toMatchObject({ exitStatus: 1, stderr: 'no\n' });
  });

  it.each([
    ['System\n', 0, 'system'],
    ['Aqua\n', 501, 'gui/501'],
    ['Background\n', 501, 'user/501'],
  ])('in a session %j of user %d the domain is %s', async (stdout, uid, domain) => {
    const { control } = launchd({ managername: [{ stdout }], print: [{}] }, uid);
    expect(await control.defaultDomain()).toBe(domain);
  });

  it('know no domain in an unknown session, nor for root under sudo', async () => {
    const unknown = launchd({ managername: [{ stdout: 'Martian\n' }] }).control;
    expect((await rejectionOf(unknown.defaultDomain())).code).toBe('ERR_LAUNCHD_COMMAND');
    const sudo = launchd({ managername: [{ stdout: 'Aqua\n' }] }, 0).control;
    expect((await rejectionOf(sudo.defaultDomain())).code).toBe('ERR_LAUNCHD_NO_DOMAIN');
  });
});

describe('ensureRunning', () => {
  const ensure = (script: Readonly<Record<string, readonly Answer[]>>) => {
    const { fake, control } = launchd(script);
    return { fake, result: ensureRunning(control, ECHO, { clock: fake.clock }) };
  };

  it('leaves a running job alone', async () => {
    const { fake, result } = ensure({ print: [running] });
    expect((await result).pid).toBe(4711);
    expect(fake.commands).toEqual([]);
  });

  it('launchd case 25: starts one that waits, and looks until it runs', async () => {
    const { fake, result } = ensure({
      print: [idle, printed('xpcproxy.txt'), running],
      kickstart: [{ stdout: '4711\n' }],
    });
    expect((await result).state).toBe('running');
    expect(fake.commands).toEqual([`kickstart -p ${ECHO}`]);
  });

  it('launchd case 54: a start that is held back gets one kickstart, and is then reported', async () => {
    const { fake, result } = ensure({ print: [printed('pended.txt')], kickstart: [{}] });
    const error = await rejectionOf(result);
    expect(error.code).toBe('ERR_LAUNCHD_BUSY');
    expect(error.message).toContain('speculative');
    expect(fake.commands).toEqual([`kickstart -p ${ECHO}`]);
  });

  it('launchd case 35: a program that cannot be started', async () => {
    const { result } = ensure({ print: [idle, printed('spawn-failed.txt')], kickstart: [{}] });
    expect((await rejectionOf(result)).code).toBe('ERR_LAUNCHD_SPAWN');
  });

  it('believes nothing that it has not seen', async () => {
    const { result } = ensure({ print: [idle], kickstart: [{ stdout: '4711\n' }] });
    expect((await rejectionOf(result)).code).toBe('ERR_TIMEOUT');
    const notLoaded = ensure({ print: [absent] });
    expect((await rejectionOf(notLoaded.result)).code).toBe('ERR_LAUNCHD_NOT_LOADED');
  });
});
