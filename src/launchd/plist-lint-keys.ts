/** Lint rules about keys that a system ignores. */
import type { LaunchdSystem, LintOptions, PlistFinding } from './plist-finding.js';
import type { JobDefinition } from './plist-schema.js';

/** Keys without effect, and why. */
type Ignored = Partial<Readonly<Record<keyof JobDefinition, string>>>;

const EVERYWHERE: Ignored = {
  BundleProgram: 'counts only for a job that an application registers with SMAppService',
};

/** What the embedded launchd does not act on: it means nothing outside macOS, or is not supported. */
const LINUX: Ignored = {
  EnableGlobbing: 'arguments are passed as they are',
  Sockets: 'the embedded launchd opens sockets for MachServices only',
  inetdCompatibility: 'the embedded launchd opens sockets for MachServices only',
  EnableTransactions: 'every job gets SIGTERM and its time to end',
  WaitForDebugger: 'jobs are started at once',
  LowPriorityIO: 'the priority of input and output is left alone',
  LowPriorityBackgroundIO: 'the priority of input and output is left alone',
  LaunchEvents: 'there are no event streams',
  AssociatedBundleIdentifiers: 'there are no Login Items',
  SpawnConstraint: 'there are no launch constraints',
  LimitLoadToHardware: 'hardware is not looked at',
  LimitLoadFromHardware: 'hardware is not looked at',
  SessionCreate: 'there are no security sessions',
  LegacyTimers: 'timers are never coalesced',
  MaterializeDatalessFiles: 'there are no dataless files',
  EnablePressuredExit: 'memory pressure is not looked at',
  StartOnMount: 'mounts are not looked at',
};

const BY_SYSTEM: Readonly<Record<LaunchdSystem, Ignored>> = { darwin: {}, linux: LINUX };

/** Keys of jobs in the system domain only. */
const SYSTEM_ONLY = ['UserName', 'GroupName', 'InitGroups', 'RootDirectory'] as const;

/** One warning for each key of the definition that has no effect. */
export function ignoredKeys(definition: JobDefinition, { system, domain }: LintOptions): PlistFinding[] {
  const findings: PlistFinding[] = [];
  const add = (key: string, why: string) =>
    void findings.push({
      severity: 'warning',
      key,
      message: `${key} has no effect: ${why}`,
      hint: 'Remove it, if it is not meant for another system.',
    });
  for (const [key, why] of Object.entries({ ...EVERYWHERE, ...BY_SYSTEM[system] })) {
    const value = definition[key as keyof JobDefinition];
    if (value !== undefined && value !== false) add(key, why);
  }
  if (domain !== undefined && domain !== 'system') {
    for (const key of SYSTEM_ONLY)
      if (definition[key] !== undefined) add(key, 'it counts in the domain system only');
  }
  for (const [name, service] of Object.entries(definition.MachServices ?? {})) {
    if (system === 'linux' && typeof service === 'object' && service.DrainMessagesOnCrash !== undefined)
      add(`MachServices.${name}.DrainMessagesOnCrash`, 'waiting messages are kept');
  }
  const { KeepAlive, EnablePressuredExit } = definition;
  if (typeof KeepAlive === 'object') {
    if (KeepAlive.NetworkState !== undefined)
      add('KeepAlive.NetworkState', 'launchd no longer looks at the network');
    if (KeepAlive.OtherJobActive !== undefined && system === 'darwin')
      add('KeepAlive.OtherJobActive', 'launchd.plist(5) knows OtherJobEnabled only');
  }
  if (KeepAlive === true && EnablePressuredExit === true && system === 'darwin')
    add('EnablePressuredExit', 'KeepAlive true outweighs it');
  return findings;
}
