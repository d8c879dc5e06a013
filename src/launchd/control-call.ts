/** The time a control call may take. */
import { Budget, type BudgetClock, LaunchportError } from '../base/index.js';
import type { ControlOptions } from './control.js';

/** Milliseconds that a control call may take when nothing else is said. */
export const DEFAULT_TIMEOUT_MS = 30_000;
/** Seconds from SIGTERM to SIGKILL where nothing else is said, as modern macOS shows them. */
const DEFAULT_EXIT_TIMEOUT_S = 5;
/** Seconds that a killed job takes at most to give its label up. */
const RELEASE_S = 5;

/** Time as a call sees it; tests pass their own. */
export interface ClockOption {
  readonly clock?: BudgetClock;
}

/** The budget of a call; `least` milliseconds, when given, outweigh a shorter default but not a caller's timeout. */
export function controlBudget(
  what: string,
  options: ControlOptions = {},
  clock?: BudgetClock,
  least = 0,
): Budget {
  const { timeout = Math.max(DEFAULT_TIMEOUT_MS, least), signal } = options;
  return new Budget(what, signal === undefined ? { timeout } : { timeout, signal }, clock);
}

/**
 * Milliseconds until the label of a job that is being unloaded is free at the latest.
 * @param exitTimeout the job's ExitTimeOut in seconds; 0 waits for ever, which no call does: 30 000 ms then
 */
export function drainMilliseconds(exitTimeout = DEFAULT_EXIT_TIMEOUT_S): number {
  return exitTimeout === 0 ? DEFAULT_TIMEOUT_MS : (exitTimeout + RELEASE_S) * 1000;
}

/** The error for a call whose time was up before its command could be given. */
export function spentError(what: string, details: Readonly<Record<string, unknown>>): LaunchportError {
  return new LaunchportError('ERR_TIMEOUT', `no time left for ${what}`, {
    hint: 'Nothing was done. Allow more time.',
    details,
  });
}
