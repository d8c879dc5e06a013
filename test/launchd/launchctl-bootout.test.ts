import { describe, expect, it } from 'vitest';
import { LaunchctlControl, type ServiceTarget } from '../../src/launchd/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { type Answer, absent, ECHO, FakeLaunchctl, printed, privatePlists } from './fake-launchctl.js';

const ECHO_PLIST = privatePlists()('on-demand.plist');
const COMMAND = `bootout ${ECHO}`;
const running = printed('running.txt');
const exiting = printed('exiting.txt');

function launchd(script: Readonly<Record<string, readonly Answer[]>>) {
  const fake = new FakeLaunchctl(script);
  const control = new LaunchctlControl({ ...fake.options });
  return { fake, control, bootout: (options = {}) => control.bootout(ECHO, options) };
}

describe('bootout', () => {
  it.each([0, 36, 37])('after exit status %d waits until the job is gone', async (exit) => {
    const { fake, bootout } = launchd({ bootout: [{ exit }], print: [running, exiting, exiting, absent] });
    await bootout();
    expect(fake.commands).toEqual([COMMAND]);
    expect(fake.prints).toBe(4);
  });

  it.each([3, 113])('launchd case 42: exit status %d for a job that is not loaded', async (exit) => {
    const { bootout } = launchd({ bootout: [{ exit, stderr: 'Boot-out failed\n' }], print: [absent] });
    const error = await rejectionOf(bootout());
    expect(error.code).toBe('ERR_LAUNCHD_NOT_LOADED');
    expect(error.details).toMatchObject({ exitStatus: exit, stderr: 'Boot-out failed\n', domain: 'gui/501' });
  });

  it('waits for a job that somebody else is booting out', async () => {
    const { bootout, fake } = launchd({ bootout: [{ exit: 3 }], print: [exiting, exiting, absent] });
    await bootout();
    expect(fake.commands).toEqual([COMMAND]);
  });

  it('judges a vague refusal by whether the job goes away', async () => {
    const gone = launchd({ bootout: [{ exit: 5 }], print: [running, exiting, absent] });
    await gone.bootout();
    const stays = launchd({ bootout: [{ exit: 5, stderr: 'x' }], print: [running] });
    expect((await rejectionOf(stays.bootout())).details).toMatchObject({ exitStatus: 5, stderr: 'x' });
    expect(stays.fake.clock.time).toBeLessThan(5000);
  });

  it('reports a refusal for lack of permission', async () => {
    const { bootout } = launchd({ bootout: [{ exit: 1 }], print: [running] });
    expect((await rejectionOf(bootout())).code).toBe('ERR_LAUNCHD_PERMISSION');
  });

  it('reports a domain that does not exist', async () => {
    const { bootout } = launchd({ bootout: [{ exit: 125 }] });
    expect((await rejectionOf(bootout())).code).toBe('ERR_LAUNCHD_NO_DOMAIN');
  });

  it('counts a job as gone when its domain has gone', async () => {
    const { bootout } = launchd({ bootout: [{}], print: [exiting, { exit: 112 }] });
    await expect(bootout()).resolves.toBeUndefined();
  });

  it('is busy when the job does not end in time', async () => {
    const { fake, bootout } = launchd({ bootout: [{}], print: [exiting] });
    const error = await rejectionOf(bootout({ timeout: 8000 }));
    expect(error.code).toBe('ERR_LAUNCHD_BUSY');
    expect(error.hint).toContain('ExitTimeOut');
    expect(fake.clock.time).toBe(8000);
  });

  it('ends at once when the caller aborts', async () => {
    const controller = new AbortController();
    const fake = new FakeLaunchctl({ bootout: [{}], print: [exiting] });
    const clock = { now: fake.clock.now, delay: async () => controller.abort() };
    const control = new LaunchctlControl({ ...fake.options, clock });
    const error = await rejectionOf(control.bootout(ECHO, { signal: controller.signal }));
    expect(error.code).toBe('ERR_ABORTED');
  });

  it('launchd case 53: without an answer, looks whether the job goes away', async () => {
    const gone = launchd({ bootout: ['hang'], print: [running, exiting, absent] });
    await gone.bootout();
    expect(gone.fake.commands).toEqual([COMMAND]);
    const stays = launchd({ bootout: ['hang'], print: [running] });
    expect((await rejectionOf(stays.bootout())).code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    expect(stays.fake.commands).toEqual([COMMAND]);
    const silent = launchd({ bootout: ['hang'], print: ['hang'] });
    expect((await rejectionOf(silent.bootout())).code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    expect(silent.fake.clock.time).toBeLessThanOrEqual(30_000);
  });

  it.each(['gui/501', 'system', 'user/501', 'gui/501/', 'com.example.echo', '', 'gui/501/a/b', 'gui/501/-k'])(
    'never runs with %j',
    async (target) => {
      const { fake, control } = launchd({});
      const error = await rejectionOf(control.bootout(target as ServiceTarget));
      expect(['ERR_LAUNCHD_TARGET', 'ERR_LAUNCHD_LABEL']).toContain(error.code);
      expect(fake.commands).toEqual([]);
    },
  );

  it('makes a bootstrap of the same job wait for its turn', async () => {
    const { fake, control, bootout } = launchd({
      bootout: [{}],
      bootstrap: [{}],
      print: [exiting, exiting, absent],
    });
    await Promise.all([bootout(), control.bootstrap('gui/501', ECHO_PLIST)]);
    expect(fake.commands).toEqual([COMMAND, `bootstrap gui/501 ${ECHO_PLIST}`]);
    expect(fake.prints).toBe(4); // three of bootout, until the job was gone; one of bootstrap
  });

  it('leaves the queue in order when one operation fails', async () => {
    const { bootout } = launchd({ bootout: [{ exit: 125 }, {}], print: [absent] });
    const [first, second] = await Promise.allSettled([bootout(), bootout()]);
    expect(first.status).toBe('rejected');
    expect(second.status).toBe('fulfilled');
  });
});
