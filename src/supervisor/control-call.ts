/** Control calls under their deadlines. */
import { LaunchportError, withDeadline } from '../base/index.js';
import type { ControlOptions } from '../launchd/index.js';

/** Milliseconds a control call may take when it names no timeout. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Runs `work` until the deadline, and then fails with `late(what, timeout)`. */
export function bounded<T>(
  what: string,
  { timeout = DEFAULT_TIMEOUT_MS, signal }: ControlOptions,
  work: (signal: AbortSignal) => Promise<T>,
  late: (what: string, timeout: number) => LaunchportError = unknownOutcome,
): Promise<T> {
  return withDeadline(what, { timeout, signal }, () => late(what, timeout), work);
}

/** What was set off goes on. `timeout` in milliseconds, here and below. */
export function unknownOutcome(what: string, timeout: number): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_UNKNOWN_OUTCOME', `${what} took longer than ${timeout} ms`, {
    hint: 'It may still succeed: print the job before trying again.',
    details: { timeout },
  });
}

/** Nothing was loaded and nothing will be, for a job of the same label has not ended. */
export function notFree(what: string, timeout: number): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_BUSY', `${what} was given up after ${timeout} ms`, {
    hint: 'A job of this label is still being unloaded. Nothing was loaded: try again, or allow more time.',
    details: { timeout },
  });
}
