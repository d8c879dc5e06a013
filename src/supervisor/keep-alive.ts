/** KeepAlive and QueueDirectories: whether a job is to run with nobody asking for it. */
import type { JobExit } from '../launchd/index.js';
import { isCrash, isSuccess } from './exit-status.js';

/** The conditions of a KeepAlive value; any one that holds keeps the job alive (launchd.plist(5)). */
export interface KeepAlivePolicy {
  /** KeepAlive is `true`. */
  readonly isUnconditional: boolean;
  /** SuccessfulExit: `true` restarts after exit code 0, `false` after anything else. */
  readonly successfulExit?: boolean;
  /** Crashed: `true` restarts after a crash, `false` after anything else. */
  readonly crashed?: boolean;
  /** PathState: absolute paths that are to exist, or not to. */
  readonly pathState?: Readonly<Record<string, boolean>>;
  /** OtherJobEnabled: labels that are to be loaded in the same domain, or not to be. */
  readonly otherJobEnabled?: Readonly<Record<string, boolean>>;
  /** OtherJobActive: labels that are to have a process, or to have none. */
  readonly otherJobActive?: Readonly<Record<string, boolean>>;
  /** QueueDirectories: directories of which one is to hold something. */
  readonly queueDirectories?: readonly string[];
  /** AfterInitialDemand: none of this counts before the first start for another reason. */
  readonly isAfterInitialDemand?: boolean;
}

/** No KeepAlive: the job runs on demand only. */
export const ON_DEMAND: KeepAlivePolicy = { isUnconditional: false };

/** What conditions are about, as it is now. */
export interface ConditionFacts {
  exists(path: string): boolean;
  /** A directory with at least one entry. */
  isFilled(path: string): boolean;
  isLoaded(label: string): boolean;
  isActive(label: string): boolean;
}

/** True when the policy asks for a first start as the job is loaded, whatever the state of the world. */
export function wantsInitialLaunch(policy: KeepAlivePolicy): boolean {
  if (policy.isAfterInitialDemand === true) return false;
  return policy.isUnconditional || policy.successfulExit !== undefined || policy.crashed !== undefined;
}

/** True when a job that ended so is to be started again. A failed start is neither a success nor a crash. */
export function wantsRestart(policy: KeepAlivePolicy, exit: JobExit): boolean {
  if (policy.isUnconditional) return true;
  if (policy.successfulExit !== undefined && policy.successfulExit === isSuccess(exit)) return true;
  return policy.crashed !== undefined && policy.crashed === isCrash(exit);
}

/** True when a path, a queue or another job is as the policy wants it to run. */
export function holdsNow(policy: KeepAlivePolicy, facts: ConditionFacts): boolean {
  const holds = (wanted: Readonly<Record<string, boolean>> | undefined, isSo: (name: string) => boolean) =>
    Object.entries(wanted ?? {}).some(([name, value]) => isSo(name) === value);
  return (
    holds(policy.pathState, (path) => facts.exists(path)) ||
    holds(policy.otherJobEnabled, (label) => facts.isLoaded(label)) ||
    holds(policy.otherJobActive, (label) => facts.isActive(label)) ||
    (policy.queueDirectories ?? []).some((path) => facts.isFilled(path))
  );
}

/** True when a change elsewhere can make the policy want a start. */
export function dependsOnOthers(policy: KeepAlivePolicy): boolean {
  return policy.otherJobEnabled !== undefined || policy.otherJobActive !== undefined;
}

/** Paths whose state the policy depends on. */
export function conditionPaths(policy: KeepAlivePolicy): readonly string[] {
  return [...Object.keys(policy.pathState ?? {}), ...(policy.queueDirectories ?? [])];
}

/** The conditions as `launchctl print` lists them. */
export function semaphores(policy: KeepAlivePolicy): Readonly<Record<string, string>> {
  const flag = (value: boolean) => (value ? '1' : '0');
  const named = (
    wanted: Readonly<Record<string, boolean>> | undefined,
    words: readonly [yes: string, no: string],
  ) => Object.entries(wanted ?? {}).map(([name, value]) => [`${words[value ? 0 : 1]} ${name}`, '1'] as const);
  return Object.fromEntries([
    ...(policy.successfulExit === undefined
      ? []
      : [['successful exit', flag(policy.successfulExit)] as const]),
    ...(policy.crashed === undefined ? [] : [['crashed', flag(policy.crashed)] as const]),
    ...named(policy.pathState, ['path exists', 'path missing']),
    ...named(policy.otherJobEnabled, ['job enabled', 'job disabled']),
    ...named(policy.otherJobActive, ['job active', 'job inactive']),
    ...(policy.queueDirectories ?? []).map((path) => [`directory not empty ${path}`, '1'] as const),
    ...(policy.isAfterInitialDemand === true ? [['after initial demand', '1'] as const] : []),
  ]);
}
