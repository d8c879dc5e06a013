/** One operation at a time per job: launchd answers overlapping ones with errors that mean nothing. */
import { LaunchportError, withDeadline } from '../base/index.js';
import type { Budget } from './budget.js';

/** Queues operations by job, first come first served. */
export class LabelLock {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `work` when all earlier operations on `target` have ended.
   * @throws LaunchportError ERR_LAUNCHD_BUSY when they do not end within the budget, ERR_ABORTED
   */
  async run<T>(target: string, budget: Budget, work: () => Promise<T>): Promise<T> {
    const previous = this.#tails.get(target);
    let release = () => {};
    const own = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = previous === undefined ? own : previous.then(() => own);
    this.#tails.set(target, tail);
    void tail.then(() => {
      if (this.#tails.get(target) === tail) this.#tails.delete(target);
    });
    try {
      if (previous !== undefined) await waitTurn(target, budget, previous);
      return await work();
    } finally {
      release();
    }
  }
}

function waitTurn(target: string, budget: Budget, previous: Promise<void>): Promise<void> {
  return withDeadline(
    `waiting for another operation on ${target}`,
    { timeout: budget.remaining, signal: budget.signal },
    () =>
      new LaunchportError('ERR_LAUNCHD_BUSY', `another operation on ${target} is under way`, {
        hint: 'Wait for it, or allow more time.',
        details: { target },
      }),
    () => previous,
  );
}
