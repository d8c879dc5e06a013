/** What a job definition means here: defaults filled in, units fixed, and what this supervisor does not do. */
import { resolve } from 'node:path';
import type { JobDefinition } from '../launchd/index.js';
import { isUsableVariable } from './environment.js';
import { type KeepAlivePolicy, ON_DEMAND, wantsInitialLaunch } from './keep-alive.js';
import type { StdioPaths } from './stdio.js';
import { DEFAULT_THROTTLE_SECONDS } from './throttle.js';

/**
 * Seconds from SIGTERM to SIGKILL for a job that sets no ExitTimeOut: what current macOS uses. launchd.plist(5)
 * once said 20.
 */
export const DEFAULT_EXIT_TIMEOUT_SECONDS = 5;

/** How a job is run. */
export interface JobSettings {
  readonly label: string;
  /** The executable: an absolute path, or a name or path that is looked up when the job starts. */
  readonly program: string;
  /** argv, [0] included. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly stdio: StdioPaths;
  readonly umask?: number;
  readonly nice?: number;
  /** Mach services to register. */
  readonly services: readonly string[];
  readonly keepAlive: KeepAlivePolicy;
  /** Started as it is loaded: RunAtLoad, or any KeepAlive. */
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

/** Keys that change what a job does and that are not honoured. Others without effect here are harmless. */
const UNSUPPORTED_KEYS = [
  'BundleProgram',
  'EnableGlobbing',
  'EnablePressuredExit',
  'EnableTransactions',
  'GroupName',
  'HardResourceLimits',
  'InitGroups',
  'LaunchEvents',
  'LimitLoadFromHardware',
  'LimitLoadToHardware',
  'QueueDirectories',
  'RootDirectory',
  'SoftResourceLimits',
  'Sockets',
  'StartCalendarInterval',
  'StartInterval',
  'StartOnMount',
  'UserName',
  'WaitForDebugger',
  'WatchPaths',
  'inetdCompatibility',
] as const satisfies readonly (keyof JobDefinition)[];

/** Settings, and one sentence per wish of the definition that is not fulfilled. */
export function jobSettings(definition: JobDefinition): {
  readonly settings: JobSettings;
  readonly warnings: readonly string[];
} {
  const args = definition.ProgramArguments ?? [definition.Program ?? ''];
  const keepAlive = keepAlivePolicy(definition.KeepAlive);
  const settings: JobSettings = {
    label: definition.Label,
    program: definition.Program ?? (args[0] as string),
    args,
    environment: definition.EnvironmentVariables ?? {},
    workingDirectory: resolve('/', definition.WorkingDirectory ?? '/'),
    stdio: {
      ...(definition.StandardInPath ? { input: resolve('/', definition.StandardInPath) } : {}),
      ...(definition.StandardOutPath ? { output: resolve('/', definition.StandardOutPath) } : {}),
      ...(definition.StandardErrorPath ? { error: resolve('/', definition.StandardErrorPath) } : {}),
    },
    ...(definition.Umask === undefined ? {} : { umask: definition.Umask }),
    ...(definition.Nice === undefined ? {} : { nice: definition.Nice }),
    services: Object.entries(definition.MachServices ?? {}).flatMap(([name, value]) =>
      value === false ? [] : [name],
    ),
    keepAlive,
    isStartedAtLoad: definition.RunAtLoad === true || wantsInitialLaunch(keepAlive),
    isRunOnce: definition.LaunchOnlyOnce === true,
    isGroupAbandoned: definition.AbandonProcessGroup === true,
    throttleInterval: (definition.ThrottleInterval ?? DEFAULT_THROTTLE_SECONDS) * 1000,
    exitTimeout: (definition.ExitTimeOut ?? DEFAULT_EXIT_TIMEOUT_SECONDS) * 1000,
  };
  return { settings, warnings: unfulfilled(definition) };
}

function keepAlivePolicy(value: JobDefinition['KeepAlive']): KeepAlivePolicy {
  if (value === undefined || value === false) return ON_DEMAND;
  if (value === true) return { isUnconditional: true };
  return {
    isUnconditional: false,
    ...(value.SuccessfulExit === undefined ? {} : { successfulExit: value.SuccessfulExit }),
    ...(value.Crashed === undefined ? {} : { crashed: value.Crashed }),
  };
}

function unfulfilled(definition: JobDefinition): string[] {
  const keys: string[] = UNSUPPORTED_KEYS.filter(
    (key) => definition[key] !== undefined && definition[key] !== false,
  );
  if (typeof definition.KeepAlive === 'object') {
    const others = Object.keys(definition.KeepAlive).filter(
      (key) => key !== 'SuccessfulExit' && key !== 'Crashed',
    );
    keys.push(...others.map((key) => `KeepAlive.${key}`));
  }
  for (const [name, value] of Object.entries(definition.MachServices ?? {})) {
    if (typeof value !== 'object') continue;
    for (const [key, flag] of Object.entries(value)) if (flag) keys.push(`MachServices.${name}.${key}`);
  }
  const variables = Object.entries(definition.EnvironmentVariables ?? {}).filter(
    ([name, value]) => !isUsableVariable(name, value),
  );
  return [
    ...keys.map((key) => `${key} is not supported by the embedded launchd and has no effect`),
    ...variables.map(([name]) => `environment variable ${name} belongs to launchd and is not passed on`),
  ];
}
