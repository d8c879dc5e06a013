import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  buildJobPlist,
  controlMeaning,
  type DomainTarget,
  type JobDefinitionInput,
  LaunchctlControl,
} from '../../src/launchd/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { type Answer, absent, bootstrapFailed, FakeLaunchctl } from './fake-launchctl.js';

const directory = mkdtempSync(join(tmpdir(), 'lp-'));
afterAll(() => rmSync(directory, { recursive: true }));

const EIO = bootstrapFailed(5, 'Input/output error');
const enabled: Answer = { stdout: 'disabled services = {\n}\n' };
const ECHO: JobDefinitionInput = { Label: 'com.example.echo', ProgramArguments: ['/bin/echo'] };

/** Loads a job with a launchd that says 5, or what the script says. */
async function refused(
  definition: JobDefinitionInput,
  options: {
    domain?: DomainTarget;
    script?: Readonly<Record<string, readonly Answer[]>>;
    spoil?: (path: string) => void;
  } = {},
) {
  const path = join(directory, 'job.plist');
  writeFileSync(path, buildJobPlist(definition));
  chmodSync(path, 0o600);
  const { domain = 'gui/501', script, spoil } = options;
  const fake = new FakeLaunchctl({
    print: [absent],
    bootstrap: [EIO],
    'print-disabled': [enabled],
    ...script,
  });
  const runner: typeof fake.runner = (file, args, limits) => {
    if (args[0] === 'bootstrap') spoil?.(path);
    return fake.runner(file, args, limits);
  };
  const control = new LaunchctlControl({ ...fake.options, runner });
  const error = await rejectionOf(control.bootstrap(domain, path));
  const tries = fake.commands.filter((command) => command.startsWith('bootstrap'));
  return { error, meaning: controlMeaning(error), tries: tries.length, fake };
}

describe('the causes behind status 5 are told apart', () => {
  it.each<[string, JobDefinitionInput, DomainTarget, string, string]>([
    ['a session type', ECHO, 'user/501', 'ERR_LAUNCHD_PLIST', 'sessionMismatch'],
    [
      'a session type of another domain',
      { ...ECHO, LimitLoadToSessionType: 'Background' },
      'gui/501',
      'ERR_LAUNCHD_PLIST',
      'sessionMismatch',
    ],
    ['a plist that disables', { ...ECHO, Disabled: true }, 'gui/501', 'ERR_LAUNCHD_DISABLED', 'disabled'],
    [
      'a missing program',
      { ...ECHO, ProgramArguments: ['/nonexistent/echo'] },
      'gui/501',
      'ERR_LAUNCHD_SPAWN',
      'missingFile',
    ],
    [
      'a program that is no program',
      { ...ECHO, ProgramArguments: [join(directory, 'job.plist')] },
      'gui/501',
      'ERR_LAUNCHD_PERMISSION',
      'badPermissions',
    ],
  ])('%s', async (_, definition, domain, code, meaning) => {
    const seen = await refused(definition, { domain });
    expect(seen.error.code).toBe(code);
    expect(seen.meaning).toBe(meaning);
    expect(seen.tries).toBe(1);
    expect(seen.error.details).toMatchObject({
      arguments: ['bootstrap', domain, join(directory, 'job.plist')],
      domain,
      label: 'com.example.echo',
      exitStatus: 5,
      number: 5,
      stderr: 'Bootstrap failed: 5: Input/output error\n',
    });
    expect(seen.error.hint).toBeTruthy();
  });

  it('an override in the database, which outweighs the plist', async () => {
    const disabled: Answer = { stdout: 'disabled services = {\n\t"com.example.echo" => disabled\n}\n' };
    expect((await refused(ECHO, { script: { 'print-disabled': [disabled] } })).meaning).toBe('disabled');
    const lifted: Answer = { stdout: 'disabled services = {\n\t"com.example.echo" => enabled\n}\n' };
    const seen = await refused({ ...ECHO, Disabled: true }, { script: { 'print-disabled': [lifted] } });
    expect(seen.meaning).toBe('unknown');
  });

  it('launchd case 6: a plist that others may write', async () => {
    const seen = await refused(ECHO, { spoil: (path) => chmodSync(path, 0o666) });
    expect(seen.error.code).toBe('ERR_LAUNCHD_PERMISSION');
    expect(seen.meaning).toBe('badPermissions');
    expect(seen.error.details).toMatchObject({ exitStatus: 5 });
  });

  it('launchd case 3: a plist that lost its label', async () => {
    const seen = await refused(ECHO, { spoil: (path) => writeFileSync(path, '<plist><dict/></plist>') });
    expect(seen.meaning).toBe('invalidPlist');
  });

  it('the session of the caller, when nothing else explains it', async () => {
    const seen = await refused(ECHO, { script: { managername: [{ stdout: 'Background\n' }] } });
    expect(seen.error.code).toBe('ERR_LAUNCHD_NO_DOMAIN');
    expect(seen.meaning).toBe('unsupportedDomain');
    expect(seen.error.message).toContain('Background');
  });

  it('nothing: tries again for 15 s, longer when the job may take longer to end, and reports 5 as it is', async () => {
    const seen = await refused(ECHO);
    expect(seen.error.code).toBe('ERR_LAUNCHD_COMMAND');
    expect(seen.meaning).toBe('unknown');
    expect(seen.fake.clock.time).toBe(15_000);
    expect(seen.tries).toBeGreaterThan(5);
    const slow = await refused({ ...ECHO, ExitTimeOut: 20 });
    expect(slow.fake.clock.time).toBe(25_000);
  });

  it.each([118, 153])('%d is tried once more', async (number) => {
    const seen = await refused(ECHO, { script: { bootstrap: [bootstrapFailed(number, 'x')] } });
    expect(seen.tries).toBe(2);
    expect(seen.meaning).toBe('unexpected');
  });
});

describe('a graphical session that is not there', () => {
  const answer = bootstrapFailed(125, 'Domain does not support specified action');

  it('is told at once on a system that has been up for long', async () => {
    const seen = await refused(ECHO, { script: { bootstrap: [answer] } });
    expect(seen.meaning).toBe('noGuiSession');
    expect(seen.error.hint).toContain('user/501');
    expect(seen.tries).toBe(1);
  });

  it('is another thing than a domain that does not take the job', async () => {
    const seen = await refused(ECHO, { domain: 'user/501', script: { bootstrap: [answer] } });
    expect(seen.meaning).toBe('unsupportedDomain');
  });

  it.each(['print', 'bootstrap'])(
    'is waited for shortly after a start, whichever of its verbs says so: %s',
    async (verb) => {
      const path = join(directory, 'boot.plist');
      writeFileSync(path, buildJobPlist(ECHO), { mode: 0o600 });
      const missing = { exit: 125, stderr: 'Domain does not support specified action\n' };
      const fake = new FakeLaunchctl({
        print: verb === 'print' ? [missing, absent] : [absent],
        bootstrap: [answer, answer, answer, {}],
      });
      const control = new LaunchctlControl({ ...fake.options, uptime: () => 20 });
      expect(await control.bootstrap('gui/501', path)).toBe('gui/501/com.example.echo');
      expect(fake.clock.time).toBe(250 + 500 + 1000);
    },
  );

  it('is waited for a minute at most', async () => {
    const path = join(directory, 'boot.plist');
    writeFileSync(path, buildJobPlist(ECHO), { mode: 0o600 });
    const fake = new FakeLaunchctl({ print: [absent], bootstrap: [answer] });
    const control = new LaunchctlControl({ ...fake.options, uptime: () => 20 });
    const error = await rejectionOf(control.bootstrap('gui/501', path, { timeout: 600_000 }));
    expect(controlMeaning(error)).toBe('noGuiSession');
    expect(fake.clock.time).toBe(60_000);
  });
});

describe('the domain of new jobs', () => {
  const choose = (script: Readonly<Record<string, readonly Answer[]>>, options = {}) => {
    const fake = new FakeLaunchctl(script);
    const control = new LaunchctlControl({ ...fake.options, uid: 501, ...options });
    return { fake, domain: control.defaultDomain() };
  };
  const aqua = [{ stdout: 'Aqua\n' }];
  const none: Answer = { exit: 125, stderr: 'Domain does not support specified action\n' };

  it('is what the caller says, with no question asked', async () => {
    const { fake, domain } = choose({}, { domain: 'gui/501' });
    expect(await domain).toBe('gui/501');
    expect(fake.commands).toEqual([]);
    expect(() => choose({}, { domain: 'gui/501/x' })).toThrow();
  });

  it('falls back to the background domain when launchd shows no graphical one', async () => {
    expect(await choose({ managername: aqua, print: [none] }).domain).toBe('user/501');
    expect(await choose({ managername: aqua, print: [{ exit: 112 }] }).domain).toBe('user/501');
    expect(await choose({ managername: aqua, print: ['hang'] }).domain).toBe('gui/501');
  });

  it('waits for the graphical one shortly after a start', async () => {
    const { domain } = choose({ managername: aqua, print: [none, none, {}] }, { uptime: () => 20 });
    expect(await domain).toBe('gui/501');
    const never = choose({ managername: aqua, print: [none] }, { uptime: () => 20 });
    expect(await never.domain).toBe('user/501');
    expect(never.fake.clock.time).toBeLessThanOrEqual(60_000);
  });

  it('is never gui/0: root under sudo is told whose domain it may name', async () => {
    const { domain } = choose({ managername: aqua }, { uid: 0, environment: { SUDO_UID: '501' } });
    const error = await rejectionOf(domain);
    expect(controlMeaning(error)).toBe('noGuiSession');
    expect(error.hint).toContain('gui/501');
  });

  it.each(['Martian\n', '', 'aqua\n'])('is not guessed in a session of type %j', async (stdout) => {
    const error = await rejectionOf(choose({ managername: [{ stdout }] }).domain);
    expect(error.hint).toContain('user/UID');
    expect(controlMeaning(error)).toBe('unsupportedDomain');
  });
});
