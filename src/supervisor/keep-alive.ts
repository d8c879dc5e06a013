/** KeepAlive: whether a job that ended is to run again with nobody asking for it. */
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
}

/** No KeepAlive: the job runs on demand only. */
export const ON_DEMAND: KeepAlivePolicy = { isUnconditional: false };

/** True when the policy asks for a first start as the job is loaded, which all of today's conditions do. */
export function wantsInitialLaunch(policy: KeepAlivePolicy): boolean {
  return policy.isUnconditional || policy.successfulExit !== undefined || policy.crashed !== undefined;
}

/** True when a job that ended so is to be started again. A failed start is neither a success nor a crash. */
export function wantsRestart(policy: KeepAlivePolicy, exit: JobExit): boolean {
  if (policy.isUnconditional) return true;
  if (policy.successfulExit !== undefined && policy.successfulExit === isSuccess(exit)) return true;
  return policy.crashed !== undefined && policy.crashed === isCrash(exit);
}
