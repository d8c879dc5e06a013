/** One operation at a time per key, in the order they were asked for. */
import { withDeadline } from './deadline.js';
import type { LaunchportError } from './errors.js';

/** Locks by name, within this process. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `work` when all earlier work of `key` has settled, and settles as it does. Waits for its turn at most
   * `timeout` milliseconds; then `onTimeout()` or ERR_ABORTED is thrown, and `work` is not run.
   */
  async run<T>(
    key: string,
    options: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
    onTimeout: () => LaunchportError,
    work: () => Promise<T>,
  ): Promise<T> {
    const previous = this.#tails.get(key);
    let release = () => {};
    const own = new Promise<void>((resolve) => {
      release = resolve;
    });
    // Who gives up waiting still keeps its place: those behind it wait for those before it.
    const tail = previous === undefined ? own : previous.then(() => own);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      const what = `waiting for an earlier operation on ${key}`;
      if (previous !== undefined) await withDeadline(what, options, onTimeout, () => previous);
      return await work();
    } finally {
      release();
    }
  }
}
