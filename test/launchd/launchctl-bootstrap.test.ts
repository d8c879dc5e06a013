import { describe, expect, it } from 'vitest';
import { type DomainTarget, LaunchctlControl } from '../../src/launchd/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import {
  type Answer,
  absent,
  bootstrapFailed,
  ECHO,
  FakeLaunchctl,
  fixture,
  printed,
  privatePlists,
} from './fake-launchctl.js';

const privatePlist = privatePlists();
const ECHO_PLIST = privatePlist('on-demand.plist');
const COMMAND = `bootstrap gui/501 ${ECHO_PLIST}`;
const EIO = bootstrapFailed(5, 'Input/output error');
const enabled: Answer = { stdout: 'disabled services = {\n}\n' };

function launchd(script: Readonly<Record<string, readonly Answer[]>>) {
  const fake = new FakeLaunchctl(script);
  const control = new LaunchctlControl({ ...fake.options });
  const bootstrap = (options = {}) => control.bootstrap('gui/501', ECHO_PLIST, options);
  return { fake, control, bootstrap };
}

describe('bootstrap', () => {
  it('loads a job and resolves to its target', async () => {
    const { fake, bootstrap } = launchd({ print: [absent], bootstrap: [{}] });
    expect(await bootstrap()).toBe(ECHO);
    expect(fake.commands).toEqual([COMMAND]);
  });

  it.each([
    [17, 'File exists'],
    [5, 'Input/output error'],
    [37, 'Operation already in progress'],
  ])('launchd case 2: a label that is loaded is refused with %d', async (number, text) => {
    const { fake, bootstrap } = launchd({
      print: [printed('running.txt')],
      bootstrap: [bootstrapFailed(number, text)],
    });
    const error = await rejectionOf(bootstrap());
    expect(error.code).toBe('ERR_LAUNCHD_ALREADY_LOADED');
    expect(error.message).toContain('from /Users/sam/plugins/echo/service.plist');
    expect(error.details).toMatchObject({
      arguments: ['bootstrap', 'gui/501', ECHO_PLIST],
      domain: 'gui/501',
      label: 'com.example.echo',
      exitStatus: number,
      stderr: `Bootstrap failed: ${number}: ${text}\n`,
    });
    expect(fake.commands).toEqual([COMMAND]);
  });

  it('launchd case 41: waits for a job on its way out, then loads', async () => {
    const exiting = printed('exiting.txt');
    const { fake, bootstrap } = launchd({
      print: [exiting, exiting, exiting, exiting, absent],
      bootstrap: [EIO, {}],
    });
    expect(await bootstrap()).toBe(ECHO);
    expect(fake.commands).toEqual([COMMAND, COMMAND]);
  });

  it('launchd case 41: keeps trying while launchd still says 5 after the job has left', async () => {
    const { fake, bootstrap } = launchd({
      print: [printed('exiting.txt'), absent],
      bootstrap: [EIO, EIO, EIO, EIO, EIO, {}],
      'print-disabled': [enabled],
    });
    await bootstrap();
    expect(fake.commands.filter((command) => command === COMMAND)).toHaveLength(6);
  });

  it('launchd case 41: takes 37 for a drain when the job leaves soon after', async () => {
    const running = printed('running.txt');
    const { bootstrap, fake } = launchd({
      print: [running, running, running, absent],
      bootstrap: [bootstrapFailed(37, 'Operation already in progress'), {}],
    });
    await bootstrap();
    expect(fake.commands).toEqual([COMMAND, COMMAND]);
  });

  it('gives up as busy when the job does not leave in time', async () => {
    const { fake, bootstrap } = launchd({ print: [printed('exiting.txt')], bootstrap: [EIO] });
    const error = await rejectionOf(bootstrap({ timeout: 20_000 }));
    expect(error.code).toBe('ERR_LAUNCHD_BUSY');
    expect(fake.commands).toEqual([COMMAND]);
    expect(fake.clock.time).toBe(20_000);
  });

  it('gives up as busy when launchd says 36 without end', async () => {
    const { fake, bootstrap } = launchd({
      print: [absent],
      bootstrap: [bootstrapFailed(36, 'Operation now in progress')],
    });
    expect((await rejectionOf(bootstrap())).code).toBe('ERR_LAUNCHD_BUSY');
    expect(fake.clock.time).toBe(30_000);
  });

  it.each(['12', '13'])('finds a disabled job behind 5, as macOS %s prints it', async (release) => {
    const { fake, bootstrap } = launchd({
      print: [absent],
      bootstrap: [EIO],
      'print-disabled': [{ stdout: fixture(`print-disabled-${release}.txt`) }],
    });
    const error = await rejectionOf(bootstrap());
    expect(error.code).toBe('ERR_LAUNCHD_DISABLED');
    expect(error.details).toMatchObject({ exitStatus: 5 });
    expect(fake.commands).toEqual([COMMAND, 'print-disabled gui/501']);
  });

  it.each([
    [119, 'ERR_LAUNCHD_DISABLED'],
    [122, 'ERR_LAUNCHD_PERMISSION'],
    [125, 'ERR_LAUNCHD_NO_DOMAIN'],
    [134, 'ERR_LAUNCHD_PLIST'],
  ])('launchd case 47: reports %d at once as %s', async (number, code) => {
    const { fake, bootstrap } = launchd({ print: [absent], bootstrap: [bootstrapFailed(number, 'x')] });
    expect((await rejectionOf(bootstrap())).code).toBe(code);
    expect(fake.commands).toEqual([COMMAND]);
  });

  it('says that there is no such domain before it loads anything', async () => {
    const { fake, bootstrap } = launchd({ print: [{ exit: 112, stderr: 'Could not find domain\n' }] });
    expect((await rejectionOf(bootstrap())).code).toBe('ERR_LAUNCHD_NO_DOMAIN');
    expect(fake.commands).toEqual([]);
  });
});

describe('launchd case 53: bootstrap without an answer', () => {
  it('is success when the job was absent before and is loaded now', async () => {
    const { fake, bootstrap } = launchd({
      print: [absent, absent, printed('never-exited.txt')],
      bootstrap: ['hang'],
    });
    expect(await bootstrap()).toBe(ECHO);
    expect(fake.commands).toEqual([COMMAND]);
  });

  it.each([
    ['the job is still absent', [absent], 'not loaded now'],
    ['the job was loaded before, too', [printed('running.txt')], 'perhaps an older one'],
    ['launchctl says nothing at all', ['hang' as const], 'not known'],
  ])('is an unknown outcome when %s, and nothing is repeated', async (_, print, seen) => {
    const { fake, bootstrap } = launchd({ print, bootstrap: ['hang'] });
    const error = await rejectionOf(bootstrap());
    expect(error.code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    expect(error.message).toContain(seen);
    expect(fake.commands.length).toBeLessThanOrEqual(1);
    expect(fake.clock.time).toBeLessThanOrEqual(30_000);
  });
});

describe('bootstrap checks before it runs anything', () => {
  const { fake, control } = launchd({});

  it.each(['gui/501/a', 'login/1', '', '-k'])('the domain %j', async (domain) => {
    const error = await rejectionOf(control.bootstrap(domain as DomainTarget, ECHO_PLIST));
    expect(error.code).toBe('ERR_LAUNCHD_TARGET');
  });

  it.each(['a.plist', '-k', '/a\0.plist'])('the path %j', async (path) => {
    await expect(control.bootstrap('gui/501', path)).rejects.toThrow(TypeError);
  });

  it.each([
    ['launchd case 3', 'no-label.plist'],
    ['launchd case 5', 'relative-program.plist'],
    ['a missing file', 'none.plist'],
  ])('the plist: %s', async (_, name) => {
    const error = await rejectionOf(control.bootstrap('gui/501', privatePlist(name)));
    expect(error.code).toBe('ERR_LAUNCHD_PLIST');
    expect(fake.commands).toEqual([]);
    expect(fake.prints).toBe(0);
  });

  it('whether the caller still wants it', async () => {
    const signal = AbortSignal.abort();
    expect((await rejectionOf(control.bootstrap('gui/501', ECHO_PLIST, { signal }))).code).toBe(
      'ERR_ABORTED',
    );
  });

  it('launchd case 9: and logs what launchd would ignore', async () => {
    const warnings: string[] = [];
    const ignore = () => {};
    const answers = new FakeLaunchctl({ print: [absent], bootstrap: [{}] });
    const logging = new LaunchctlControl({
      runner: answers.runner,
      clock: answers.clock,
      logger: { debug: ignore, info: ignore, error: ignore, warn: (message) => warnings.push(message) },
    });
    await logging.bootstrap('gui/501', privatePlist('unknown-key.plist'));
    expect(warnings).toEqual([expect.stringContaining('unknown key "Flavour" ignored')]);
  });
});
