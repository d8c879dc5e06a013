import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  buildJobPlist,
  type JobDefinitionInput,
  type LintOptions,
  lintJobPlist,
  type PlistFinding,
} from '../../src/launchd/index.js';

const directory = mkdtempSync(join(tmpdir(), 'lp-'));
afterAll(() => rmSync(directory, { recursive: true }));
const PATH = join(directory, 'com.example.echo.plist');
const ECHO: JobDefinitionInput = { Label: 'com.example.echo', ProgramArguments: ['/bin/echo'] };

async function lint(
  content: JobDefinitionInput | string,
  options: Partial<LintOptions> & { path?: string; mode?: number } = {},
): Promise<readonly PlistFinding[]> {
  const { path = PATH, mode = 0o600, ...rest } = options;
  const text = typeof content === 'string' ? content : buildJobPlist(content);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return lintJobPlist(Buffer.from(text), path, { system: 'darwin', ...rest });
}

/** `error ProgramArguments`, in the order of the findings. */
function brief(findings: readonly PlistFinding[]): string[] {
  return findings.map(({ severity, key = 'file' }) => `${severity} ${key}`);
}

const xml = (body: string) =>
  `<plist><dict><key>Label</key><string>com.example.echo</string><key>Program</key><string>/bin/echo</string>${body}</dict></plist>`;

describe('lintJobPlist', () => {
  it('has nothing to say about a good job, on either system', async () => {
    expect(await lint(ECHO)).toEqual([]);
    expect(await lint({ ...ECHO, MachServices: { 'com.example.echo': true } }, { system: 'linux' })).toEqual(
      [],
    );
  });

  it('launchd case 6: names the mode of a plist that others may write', async () => {
    const [finding] = await lint(ECHO, { mode: 0o666 });
    expect(finding).toMatchObject({ severity: 'error', hint: 'Run chmod go-w on it.' });
    expect(finding?.message).toContain('0666');
  });

  it('launchd case 7: names the owner of a plist that belongs to another', async () => {
    const own = process.getuid?.() ?? 0;
    const findings = await lint(ECHO, { uid: own + 1 });
    // Root's files are good for everybody.
    expect(brief(findings)).toEqual(own === 0 ? [] : ['error file']);
  });

  it('tells a link, a wrong name and a missing file', async () => {
    const link = join(directory, 'link.plist');
    symlinkSync(PATH, link);
    await lint(ECHO);
    const findings = await lintJobPlist(buildJobPlist(ECHO), link, { system: 'darwin' });
    expect(brief(findings)).toEqual(['warning file', 'warning Label']);
    expect(brief(await lint(ECHO, { path: join(directory, 'com.example.echo') }))).toEqual([
      'warning file',
      'warning Label',
    ]);
    const missing = await lintJobPlist(buildJobPlist(ECHO), '/nonexistent/com.example.echo.plist', {
      system: 'darwin',
    });
    expect(brief(missing)).toEqual(['info file']);
  });

  it.each([
    ['launchd case 3: no Label', '<plist><dict/></plist>', 'error Label'],
    ['no dictionary', '<plist><array/></plist>', 'error file'],
    ['no XML', 'Label = a', 'error file'],
    [
      'launchd case 5: a relative Program',
      '<plist><dict><key>Label</key><string>com.example.echo</string><key>Program</key><string>echo</string></dict></plist>',
      'error Program',
    ],
    ['launchd case 9: an unknown key', xml('<key>Flavour</key><true/>'), 'warning Flavour'],
    ['an obsolete key', xml('<key>ServiceIPC</key><true/>'), 'warning ServiceIPC'],
    ['a wrong type', xml('<key>Nice</key><string>5</string>'), 'warning Nice'],
    [
      'launchd case 10: a variable that is no text',
      xml('<key>EnvironmentVariables</key><dict><key>A</key><integer>1</integer></dict>'),
      'warning EnvironmentVariables.A',
    ],
    [
      'a service name that is none',
      xml('<key>MachServices</key><dict><key>a b</key><true/></dict>'),
      'warning MachServices.a b',
    ],
  ])('%s', async (_, text, expected) => {
    const findings = await lint(text);
    expect(brief(findings)).toEqual([expected]);
    const key = expected.split(' ').slice(1).join(' ');
    if (key !== 'file') expect(findings[0]?.message).toContain(key.split('.').at(-1));
  });

  it.each<[string, Partial<JobDefinitionInput>, string]>([
    ['a missing program', { ProgramArguments: ['/nonexistent/echo'] }, 'error ProgramArguments'],
    ['a program that is a directory', { Program: '/bin' }, 'error Program'],
    ['a relative program', { ProgramArguments: ['echo'] }, 'warning ProgramArguments'],
    ['a program at home', { ProgramArguments: ['~/bin/echo'] }, 'error ProgramArguments'],
    ['an argument for a shell', { ProgramArguments: ['/bin/echo', '$HOME'] }, 'warning ProgramArguments.1'],
    [
      'a variable for a shell',
      { EnvironmentVariables: { PATH: '$PATH:/x' } },
      'warning EnvironmentVariables.PATH',
    ],
    ['an output nowhere', { StandardOutPath: '/nonexistent/out.log' }, 'error StandardOutPath'],
    ['an output at home', { StandardOutPath: '~/out.log' }, 'error StandardOutPath'],
    ['a directory that is none', { WorkingDirectory: '/bin/echo' }, 'error WorkingDirectory'],
    ['a relative directory', { WorkingDirectory: 'tmp' }, 'warning WorkingDirectory'],
    ['an octal mask in decimal', { Umask: 22 }, 'warning Umask'],
    ['a service that is not advertised', { MachServices: { 'a.b': false } }, 'warning MachServices.a.b'],
    [
      'a service that clients see vanish',
      { MachServices: { 'a.b': { ResetAtClose: true } } },
      'warning MachServices.a.b.ResetAtClose',
    ],
    ['a disabled job', { Disabled: true }, 'warning Disabled'],
    ['no end', { ExitTimeOut: 0 }, 'info ExitTimeOut'],
    ['no throttle', { ThrottleInterval: 0 }, 'info ThrottleInterval'],
    ['KeepAlive without RunAtLoad', { KeepAlive: true, RunAtLoad: false }, 'info RunAtLoad'],
    ['an unknown session type', { LimitLoadToSessionType: 'Disco' }, 'error LimitLoadToSessionType'],
    [
      'several session types',
      { LimitLoadToSessionType: ['Aqua', 'Background'] },
      'warning LimitLoadToSessionType',
    ],
    ['a key of applications', { BundleProgram: 'x' }, 'warning BundleProgram'],
    ['a dead condition', { KeepAlive: { NetworkState: true } }, 'warning KeepAlive.NetworkState'],
  ])('%s', async (_, more, expected) => {
    expect(brief(await lint({ ...ECHO, ...more }))).toEqual([expected]);
  });

  it('allows the masks that are meant', async () => {
    expect(await lint({ ...ECHO, Umask: '0' })).toEqual([]);
    expect(await lint({ ...ECHO, Umask: 0o77 })).toEqual([]);
  });

  it('tells keys that the embedded launchd ignores, and those that do not fit the domain', async () => {
    const definition = { ...ECHO, SessionCreate: true, LaunchEvents: { a: {} }, UserName: 'root' };
    expect(brief(await lint(definition, { system: 'linux', domain: 'user/501' }))).toEqual([
      'warning LaunchEvents',
      'warning SessionCreate',
      'warning UserName',
    ]);
    expect(await lint(definition, { domain: 'system' })).toEqual([]);
  });

  it('knows which domain takes the job', async () => {
    expect(brief(await lint(ECHO, { domain: 'user/501' }))).toEqual(['error LimitLoadToSessionType']);
    expect(await lint(ECHO, { domain: 'gui/501' })).toEqual([]);
    expect(await lint({ ...ECHO, LimitLoadToSessionType: 'Background' }, { domain: 'user/501' })).toEqual([]);
    expect(await lint(ECHO, { domain: 'user/501', system: 'linux' })).toEqual([]);
  });

  it('warns of a program that others may write, and of one that cannot be run', async () => {
    mkdirSync(join(directory, 'bin'));
    const program = join(directory, 'bin/tool');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o777);
    expect(brief(await lint({ ...ECHO, Program: program }))).toEqual(['warning Program']);
    chmodSync(program, 0o644);
    expect(brief(await lint({ ...ECHO, Program: program }))).toEqual(['error Program']);
  });

  it('lists errors first', async () => {
    const findings = await lint({ ...ECHO, Umask: 22, ExitTimeOut: 0, Program: '/nonexistent' });
    expect(findings.map((finding) => finding.severity)).toEqual(['error', 'warning', 'info']);
  });
});
