/** What a job definition means here: defaults filled in, units fixed, and what this supervisor does not do. */
import { getPriority } from 'node:os';
import { resolve } from 'node:path';
import { type DomainTarget, ignoredKeys, type JobDefinition } from '../launchd/index.js';
import type { ResourceLimit, ResourceLimitValue } from '../native/index.js';
import { type CalendarEntry, nextOccurrence } from './calendar.js';
import { isUsableVariable } from './environment.js';
import type { TriggerSettings } from './job-triggers.js';
import { type KeepAlivePolicy, ON_DEMAND, wantsInitialLaunch } from './keep-alive.js';
import type { ServiceSettings } from './service-registry.js';
import type { StdioPaths } from './stdio.js';
import { DEFAULT_THROTTLE_SECONDS } from './throttle.js';

/**
 * Seconds from SIGTERM to SIGKILL for a job that sets no ExitTimeOut: what current macOS uses. launchd.plist(5)
 * once said 20.
 */
export const DEFAULT_EXIT_TIMEOUT_SECONDS = 5;

/** How a job is run. */
export interface JobSettings extends TriggerSettings {
  readonly label: string;
  /** The executable: an absolute path, or a name or path that is looked up when the job starts. */
  readonly program: string;
  /** argv, [0] included. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly stdio: StdioPaths;
  readonly umask?: number;
  /** Nice, or what ProcessType makes of it. */
  readonly nice?: number;
  readonly limits?: Readonly<Partial<Record<ResourceLimit, ResourceLimitValue>>>;
  /** In the system domain only: another user, another root. */
  readonly identity: {
    readonly user?: string;
    readonly group?: string;
    readonly initGroups?: boolean;
    readonly root?: string;
  };
  /** Mach services to register. */
  readonly services: readonly ServiceSettings[];
  /** Started as it is loaded: RunAtLoad, or KeepAlive that asks for a first start. */
  readonly isStartedAtLoad: boolean;
  /** LaunchOnlyOnce: unloaded after its first run. */
  readonly isRunOnce: boolean;
  /** AbandonProcessGroup: what remains of the process group is left alone when the job ends. */
  readonly isGroupAbandoned: boolean;
  /** Milliseconds between starts. */
  readonly throttleInterval: number;
  /** Milliseconds from SIGTERM to SIGKILL; 0 waits for ever. */
  readonly exitTimeout: number;
}

/** Nice value of a job whose ProcessType is Background and that sets none; other types change nothing here. */
const BACKGROUND_NICE = 10;

/** Settings, and one sentence per wish of the definition that is not fulfilled in `domain`. */
export function jobSettings(
  definition: JobDefinition,
  domain: DomainTarget,
): {
  readonly settings: JobSettings;
  readonly warnings: readonly string[];
} {
  const args = definition.ProgramArguments ?? [definition.Program ?? ''];
  const keepAlive = keepAlivePolicy(definition);
  const nice = definition.Nice ?? (definition.ProcessType === 'Background' ? BACKGROUND_NICE : undefined);
  const limits = resourceLimits(definition);
  const settings: JobSettings = {
    label: definition.Label,
    program: definition.Program ?? (args[0] as string),
    args,
    environment: definition.EnvironmentVariables ?? {},
    workingDirectory: rooted(definition.WorkingDirectory ?? '/'),
    stdio: {
      ...(definition.StandardInPath ? { input: rooted(definition.StandardInPath) } : {}),
      ...(definition.StandardOutPath ? { output: rooted(definition.StandardOutPath) } : {}),
      ...(definition.StandardErrorPath ? { error: rooted(definition.StandardErrorPath) } : {}),
    },
    ...(definition.Umask === undefined ? {} : { umask: definition.Umask }),
    ...(nice === undefined || !isNiceAllowed(nice) ? {} : { nice }),
    ...(limits === undefined ? {} : { limits }),
    identity: domain === 'system' ? identityOf(definition) : {},
    services: machServices(definition),
    keepAlive,
    ...(definition.StartInterval === undefined ? {} : { startInterval: definition.StartInterval * 1000 }),
    calendar: calendarOf(definition),
    watchPaths: (definition.WatchPaths ?? []).map(rooted),
    isStartedAtLoad: definition.RunAtLoad === true || wantsInitialLaunch(keepAlive),
    isRunOnce: definition.LaunchOnlyOnce === true,
    isGroupAbandoned: definition.AbandonProcessGroup === true,
    throttleInterval: (definition.ThrottleInterval ?? DEFAULT_THROTTLE_SECONDS) * 1000,
    exitTimeout: (definition.ExitTimeOut ?? DEFAULT_EXIT_TIMEOUT_SECONDS) * 1000,
  };
  const ignored = ignoredKeys(definition, { system: 'linux', domain }).map(({ message }) => message);
  return { settings, warnings: [...ignored, ...unfulfilled(definition, settings)] };
}

/** launchd's own directory is the root. */
function rooted(path: string): string {
  return resolve('/', path);
}

function keepAlivePolicy({ KeepAlive, QueueDirectories }: JobDefinition): KeepAlivePolicy {
  const queues =
    QueueDirectories === undefined || QueueDirectories.length === 0
      ? {}
      : { queueDirectories: QueueDirectories.map(rooted) };
  if (KeepAlive === undefined || typeof KeepAlive === 'boolean') {
    return { ...ON_DEMAND, ...queues, isUnconditional: KeepAlive === true };
  }
  const { SuccessfulExit, Crashed, PathState, OtherJobEnabled, OtherJobActive, AfterInitialDemand } =
    KeepAlive;
  const pathState = Object.entries(PathState ?? {}).map(([path, value]) => [rooted(path), value] as const);
  const conditions = {
    ...(SuccessfulExit === undefined ? {} : { successfulExit: SuccessfulExit }),
    ...(Crashed === undefined ? {} : { crashed: Crashed }),
    ...(pathState.length === 0 ? {} : { pathState: Object.fromEntries(pathState) }),
    ...(OtherJobEnabled === undefined ? {} : { otherJobEnabled: OtherJobEnabled }),
    ...(OtherJobActive === undefined ? {} : { otherJobActive: OtherJobActive }),
  };
  const isAfterInitialDemand = AfterInitialDemand === true;
  return {
    // With no condition beside it, AfterInitialDemand means: for ever, once it was needed.
    isUnconditional: isAfterInitialDemand && Object.keys(conditions).length === 0,
    ...conditions,
    ...queues,
    ...(isAfterInitialDemand ? { isAfterInitialDemand } : {}),
  };
}

function machServices({ MachServices }: JobDefinition): ServiceSettings[] {
  return Object.entries(MachServices ?? {}).flatMap(([name, value]) => {
    if (value === false) return [];
    const { ResetAtClose, HideUntilCheckIn } = value === true ? {} : value;
    return [
      {
        name,
        ...(ResetAtClose === true ? { resetAtClose: true } : {}),
        ...(HideUntilCheckIn === true ? { hideUntilCheckIn: true } : {}),
      },
    ];
  });
}

function resourceLimits(definition: JobDefinition): JobSettings['limits'] {
  const { SoftResourceLimits: soft = {}, HardResourceLimits: hard = {} } = definition;
  const names = new Set([...Object.keys(soft), ...Object.keys(hard)] as ResourceLimit[]);
  if (names.size === 0) return undefined;
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      {
        ...(soft[name] === undefined ? {} : { soft: soft[name] }),
        ...(hard[name] === undefined ? {} : { hard: hard[name] }),
      },
    ]),
  );
}

function identityOf({
  UserName,
  GroupName,
  InitGroups,
  RootDirectory,
}: JobDefinition): JobSettings['identity'] {
  return {
    ...(UserName === undefined ? {} : { user: UserName }),
    ...(GroupName === undefined ? {} : { group: GroupName }),
    ...(InitGroups === undefined ? {} : { initGroups: InitGroups }),
    ...(RootDirectory === undefined ? {} : { root: rooted(RootDirectory) }),
  };
}

function calendarOf({ StartCalendarInterval }: JobDefinition): readonly CalendarEntry[] {
  if (StartCalendarInterval === undefined) return [];
  return Array.isArray(StartCalendarInterval)
    ? StartCalendarInterval
    : [StartCalendarInterval as CalendarEntry];
}

/** Only root may be more urgent than it is already. */
function isNiceAllowed(nice: number): boolean {
  return process.geteuid?.() === 0 || nice >= getPriority();
}

function unfulfilled(definition: JobDefinition, { nice, calendar }: JobSettings): string[] {
  const variables = Object.entries(definition.EnvironmentVariables ?? {}).filter(
    ([name, value]) => !isUsableVariable(name, value),
  );
  return [
    ...(definition.Nice !== undefined && nice === undefined
      ? [`Nice has no effect: only root may start a process at ${definition.Nice}`]
      : []),
    ...(calendar.length > 0 && nextOccurrence(calendar, Date.now()) === undefined
      ? ['StartCalendarInterval has no effect: the calendar has no such day']
      : []),
    ...variables.map(([name]) => `environment variable ${name} belongs to launchd and is not passed on`),
  ];
}
