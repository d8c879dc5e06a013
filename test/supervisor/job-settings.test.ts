import { describe, expect, it } from 'vitest';
import type { JobDefinition } from '../../src/launchd/index.js';
import { jobSettings } from '../../src/supervisor/job-settings.js';

const settingsOf = (changes: Partial<JobDefinition>) =>
  jobSettings({ Label: 'l', ProgramArguments: ['/p', 'a'], ...changes });

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
    expect(jobSettings({ Label: 'l', Program: '/only' }).settings.args).toEqual(['/only']);
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
    expect(settings.services).toEqual(['a', 'c']);
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
      StartInterval: 5,
      InitGroups: false,
      KeepAlive: { PathState: { '/x': true }, Crashed: true },
      MachServices: { a: { ResetAtClose: true, HideUntilCheckIn: false } },
      EnvironmentVariables: { LISTEN_FDS: '1', FINE: '1' },
    });
    expect(warnings.map((warning) => warning.split(' ').slice(0, 3).join(' '))).toEqual([
      'StartInterval is not',
      'KeepAlive.PathState is not',
      'MachServices.a.ResetAtClose is not',
      'environment variable LISTEN_FDS',
    ]);
  });
});
