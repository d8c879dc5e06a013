import { describe, expect, it } from 'vitest';
import type { JobDefinition } from '../../src/launchd/index.js';
import { jobSettings } from '../../src/supervisor/job-settings.js';

const settingsOf = (changes: Partial<JobDefinition>) =>
  jobSettings({ Label: 'l', ProgramArguments: ['/p', 'a'], ...changes }, 'user/501');

describe('jobSettings', () => {
  it('fills in the defaults of launchd', () => {
    expect(settingsOf({})).toEqual({
      settings: {
        label: 'l',
        program: '/p',
        args: ['/p', 'a'],
        environment: {},
        workingDirectory: '/',
        stdio: {},
        identity: {},
        calendar: [],
        watchPaths: [],
        services: [],
        keepAlive: { isUnconditional: false },
        isStartedAtLoad: false,
        isRunOnce: false,
        isGroupAbandoned: false,
        throttleInterval: 10_000,
        exitTimeout: 5_000,
      },
      warnings: [],
    });
  });

  it('takes Program for the file and ProgramArguments for argv', () => {
    const { settings } = settingsOf({ Program: '/real' });
    expect([settings.program, settings.args]).toEqual(['/real', ['/p', 'a']]);
    expect(jobSettings({ Label: 'l', Program: '/only' }, 'user/501').settings.args).toEqual(['/only']);
  });

  it('makes paths absolute from the root, as launchd does', () => {
    const { settings } = settingsOf({
      WorkingDirectory: 'srv',
      StandardOutPath: 'tmp/o',
      StandardInPath: '/i',
    });
    expect(settings.workingDirectory).toBe('/srv');
    expect(settings.stdio).toEqual({ output: '/tmp/o', input: '/i' });
  });

  it('advertises true and dictionaries, not false', () => {
    const { settings } = settingsOf({ MachServices: { a: true, b: false, c: {} } });
    expect(settings.services).toEqual([{ name: 'a' }, { name: 'c' }]);
  });

  it('starts at load for RunAtLoad and for any KeepAlive', () => {
    expect(settingsOf({ RunAtLoad: true }).settings.isStartedAtLoad).toBe(true);
    expect(settingsOf({ KeepAlive: true }).settings.isStartedAtLoad).toBe(true);
    expect(settingsOf({ KeepAlive: { SuccessfulExit: true } }).settings.isStartedAtLoad).toBe(true);
    expect(settingsOf({ KeepAlive: false }).settings.isStartedAtLoad).toBe(false);
    expect(settingsOf({ KeepAlive: {} }).settings.isStartedAtLoad).toBe(false);
  });

  it('says what it does not do', () => {
    const { warnings } = settingsOf({
      Sockets: {},
      InitGroups: false,
      KeepAlive: { NetworkState: true, Crashed: true },
      MachServices: { a: { ResetAtClose: true, DrainMessagesOnCrash: 'All' } },
      EnvironmentVariables: { LISTEN_FDS: '1', FINE: '1' },
      StartCalendarInterval: { Day: 31, Month: 2 },
    });
    expect(warnings.map((warning) => warning.split(' ').slice(0, 3).join(' '))).toEqual([
      'Sockets has no',
      'InitGroups has no',
      'MachServices.a.DrainMessagesOnCrash has no',
      'KeepAlive.NetworkState has no',
      'StartCalendarInterval has no',
      'environment variable LISTEN_FDS',
    ]);
  });
});
