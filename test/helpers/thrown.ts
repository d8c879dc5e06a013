/** Catches errors to look at. */
import { LaunchportError } from '../../src/base/index.js';

/** The LaunchportError that `run` throws. Anything else, or nothing, fails the test. */
export function thrownBy(run: () => unknown): LaunchportError {
  try {
    run();
  } catch (error) {
    if (error instanceof LaunchportError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The LaunchportError that `promise` rejects with. Anything else, or nothing, fails the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<LaunchportError> {
  const outcome = await promise.then(
    () => new Error('the promise was not rejected'),
    (error: unknown) => error,
  );
  if (outcome instanceof LaunchportError) return outcome;
  throw outcome;
}
