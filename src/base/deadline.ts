/** Waits that always end: every promise the package hands out is bounded by a deadline and an AbortSignal. */
import { LaunchportError } from './errors.js';

/** Bounds on a wait, taken by every asynchronous call of the package. */
export interface WaitOptions {
  /** Milliseconds until the wait fails; 0 or less fails at the next turn of the loop. */
  readonly timeout?: number;
  /** Ends the wait early, with ERR_ABORTED. */
  readonly signal?: AbortSignal;
}

/** Longest timer Node keeps, in milliseconds: a longer one would fire at once (Node documentation, setTimeout). */
export const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** The error for a wait that its caller gave up on. */
export function abortedError(what: string, signal: AbortSignal): LaunchportError {
  return new LaunchportError('ERR_ABORTED', `${what} was aborted`, { cause: signal.reason });
}

/**
 * Runs `work` and settles as it does, or earlier: with `onTimeout()` after `timeout` milliseconds, or with
 * ERR_ABORTED when `signal` aborts. `work` gets a signal that aborts in both cases, to stop what it started.
 * A result that comes later is swallowed.
 */
export function withDeadline<T>(
  what: string,
  options: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
  onTimeout: () => LaunchportError,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeout, signal } = options;
  if (signal?.aborted) return Promise.reject(abortedError(what, signal));
  return new Promise<T>((resolve, reject) => {
    const inner = new AbortController();
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const fail = (error: LaunchportError) => {
      finish(() => reject(error));
      inner.abort(error);
    };
    const onAbort = () => fail(abortedError(what, signal as AbortSignal));
    const timer = setTimeout(() => fail(onTimeout()), Math.min(Math.max(timeout, 0), MAX_TIMEOUT_MS));
    signal?.addEventListener('abort', onAbort, { once: true });
    // Called in an async function, so that what it throws at once rejects like the rest.
    (async () => work(inner.signal))().then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}

/** Resolves after `ms` milliseconds, or rejects with ERR_ABORTED. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortedError('delay', signal));
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(abortedError('delay', signal as AbortSignal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
