/** One deadline shared by all the steps of an operation. */
import { abortedError, LaunchportError, type WaitOptions } from '../base/index.js';
import type { ControlOptions } from '../launchd/index.js';

/** Milliseconds an operation may take, when the caller does not say. */
export const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Gives the next step what is left of the time.
 * @throws LaunchportError ERR_TIMEOUT when nothing is left, ERR_ABORTED when the caller gave up
 */
export type Budget = () => ControlOptions & { readonly timeout: number };

/** Starts the clock of an operation. `what` is for messages: `register com.apple.container.hydra`. */
export function startBudget(what: string, options: WaitOptions): Budget {
  const { timeout = DEFAULT_TIMEOUT_MS, signal } = options;
  const end = performance.now() + timeout;
  return () => {
    if (signal?.aborted) throw abortedError(what, signal);
    const left = end - performance.now();
    if (left <= 0) {
      throw new LaunchportError('ERR_TIMEOUT', `${what} took longer than ${timeout} ms`, {
        hint: 'Try again, or allow more time.',
        details: { timeout },
      });
    }
    return { timeout: Math.ceil(left), ...(signal === undefined ? {} : { signal }) };
  };
}
