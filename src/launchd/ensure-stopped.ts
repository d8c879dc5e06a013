/** Sees to it that a job is not loaded, under any control. */
import { type Budget, isLaunchportError, KeyedLock, LaunchportError } from '../base/index.js';
import type { ControlOptions, LaunchControl, ServiceTarget } from './control.js';
import { type ClockOption, controlBudget } from './control-call.js';
import { waitFor } from './wait-for.js';

/** Locks of operations that are made of several calls, by control. */
const locks = new WeakMap<LaunchControl, KeyedLock>();

/**
 * Unloads the job and resolves once it is gone: to true when it was loaded, to false when there was nothing to do,
 * because no such job or no such domain exists.
 * @throws LaunchportError as `bootout`, ERR_LAUNCHD_NOT_LOADED and ERR_LAUNCHD_NO_DOMAIN excepted
 */
export function ensureStopped(
  control: LaunchControl,
  target: ServiceTarget,
  options: ControlOptions & ClockOption = {},
): Promise<boolean> {
  const budget = controlBudget(`stopping ${target}`, options, options.clock);
  // Without a timeout of the caller's, the control allows for the job's own ExitTimeOut.
  const { timeout, signal } = options;
  const bounds = {
    ...(timeout === undefined ? {} : { timeout }),
    ...(signal === undefined ? {} : { signal }),
  };
  return inTurn(control, target, budget, () => stopNow(control, target, budget, bounds));
}

/** As {@link ensureStopped}, for callers that have their turn. */
export async function stopNow(
  control: LaunchControl,
  target: ServiceTarget,
  budget: Budget,
  bounds: ControlOptions = budget.rest(),
): Promise<boolean> {
  try {
    await control.bootout(target, bounds);
    return true;
  } catch (error) {
    if (isLaunchportError(error, 'ERR_LAUNCHD_NOT_LOADED', 'ERR_LAUNCHD_NO_DOMAIN')) return false;
    // It was asked, and may be on its way out: what counts is whether it leaves.
    const isPending = isLaunchportError(error, 'ERR_LAUNCHD_UNKNOWN_OUTCOME', 'ERR_LAUNCHD_BUSY');
    if (!isPending || budget.remaining === 0) throw error;
    await waitFor(control, target, 'absent', { ...budget.rest(), clock: budget.clock }).catch(() => {
      throw error;
    });
    return true;
  }
}

/** Runs an operation made of several calls when all earlier ones on the same job have ended. */
export function inTurn<T>(
  control: LaunchControl,
  target: ServiceTarget,
  budget: Budget,
  work: () => Promise<T>,
): Promise<T> {
  const lock = locks.get(control) ?? new KeyedLock();
  locks.set(control, lock);
  const onTimeout = () =>
    new LaunchportError('ERR_LAUNCHD_BUSY', `another operation on ${target} is under way`, {
      hint: 'Wait for it, or allow more time.',
      details: { target },
    });
  return lock.run(target, { timeout: budget.remaining, signal: budget.signal }, onTimeout, work);
}
