/** Waits for things that the system does in its own time. */
import { delay } from '../../src/base/index.js';

/** Resolves when `predicate` holds; fails after `timeout` milliseconds. */
export async function eventually(what: string, predicate: () => boolean, timeout = 60_000): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!predicate()) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${timeout} ms: ${what}`);
    await delay(5);
  }
}
