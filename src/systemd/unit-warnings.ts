/** Keys of a plist that no systemd user unit can express, and what happens instead. */
import type { JobDefinition } from '../launchd/index.js';

/** A key whose effect under systemd is not launchd's. */
export interface UnitWarning {
  /** `Nice`, `KeepAlive.PathState`, … */
  readonly key: string;
  /** `KEY differs …`, one sentence. */
  readonly message: string;
}

const NOT_EXPRESSED: Partial<Readonly<Record<keyof JobDefinition, string>>> = {
  BundleProgram: 'counts only for a job that an application registers with SMAppService',
  EnableGlobbing: 'has no equivalent: arguments are passed as they are',
  Sockets: 'is left out: only sockets of MachServices are opened',
  inetdCompatibility: 'is left out: only sockets of MachServices are opened',
  StartOnMount: 'has no equivalent: mounts are not looked at',
  LaunchEvents: 'has no equivalent: there are no event streams',
  EnableTransactions: 'has no equivalent: the job always gets SIGTERM and its time to end',
  EnablePressuredExit: 'has no equivalent: memory pressure is not looked at',
  RootDirectory: 'is left out: user managers may not change it',
  UserName: 'is left out: a user manager runs jobs as its user',
  GroupName: 'is left out: a user manager runs jobs as its user',
  InitGroups: 'is left out: a user manager runs jobs as its user',
  LowPriorityBackgroundIO: 'has no equivalent: the priority of input and output is left alone',
  LimitLoadToHardware: 'has no equivalent: hardware is not looked at',
  LimitLoadFromHardware: 'has no equivalent: hardware is not looked at',
  WaitForDebugger: 'has no equivalent: the job is started at once',
  SessionCreate: 'has no equivalent: there are no security sessions',
  LegacyTimers: 'has no equivalent: timers are accurate to 100 ms',
  MaterializeDatalessFiles: 'has no equivalent: there are no dataless files',
  AssociatedBundleIdentifiers: 'has no equivalent: there are no Login Items',
  SpawnConstraint: 'has no equivalent: there are no launch constraints',
  LaunchOnlyOnce:
    'differs: after its one run the job stays loaded, and nothing but kickstart -k starts it again',
};

/** One warning for each key that is not expressed at all, or differs whatever its value. */
export function definitionWarnings(definition: JobDefinition): UnitWarning[] {
  const warnings: UnitWarning[] = [];
  const add = (key: string, message: string) => void warnings.push({ key, message: `${key} ${message}` });
  for (const [key, message] of Object.entries(NOT_EXPRESSED)) {
    const value = definition[key as keyof JobDefinition];
    if (value !== undefined && value !== false) add(key, message);
  }
  const { KeepAlive } = definition;
  if (typeof KeepAlive !== 'object') return warnings;
  for (const key of ['OtherJobEnabled', 'OtherJobActive', 'NetworkState'] as const) {
    if (KeepAlive[key] !== undefined) add(`KeepAlive.${key}`, 'has no equivalent: it starts nothing');
  }
  return warnings;
}
