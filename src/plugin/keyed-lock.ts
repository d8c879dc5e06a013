/** One operation at a time per key, in the order they were asked for. */
import { LaunchportError, withDeadline } from '../base/index.js';

/** Locks by name, within this process. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `task` when all earlier tasks of `key` have settled.
   * @throws LaunchportError ERR_TIMEOUT or ERR_ABORTED when its turn does not come in time; it is then not run
   */
  async run<T>(
    key: string,
    options: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
    task: () => Promise<T>,
  ): Promise<T> {
    const previous = this.#tails.get(key) ?? Promise.resolve();
    let release = () => {};
    const own = new Promise<void>((resolve) => {
      release = resolve;
    });
    // Who gives up waiting still keeps its place: those behind it wait for those before it.
    const tail = previous.then(() => own);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      const what = `waiting for an earlier operation on ${key}`;
      const onTimeout = () =>
        new LaunchportError('ERR_TIMEOUT', `${what} took longer than ${options.timeout} ms`, {
          hint: 'Try again, or allow more time.',
          details: { key },
        });
      await withDeadline(what, options, onTimeout, () => previous);
      return await task();
    } finally {
      release();
    }
  }
}
