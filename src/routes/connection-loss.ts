/** Tells whoever asked that a service is gone, once for each time it goes. */
import { LaunchportError, withDeadline } from '../base/index.js';

/** Hears that the service is gone: ERR_XPC_INTERRUPTED (it may come back) or ERR_XPC_INVALID (it does not). */
export type DisconnectListener = (reason: LaunchportError) => void;

/** The losses of one client. */
export class ConnectionLoss {
  readonly #listeners = new Set<{ readonly tell: DisconnectListener }>();
  #waiting: (() => void)[] = [];
  #count = 0;
  #isLost = false;

  /** Interruptions and ends so far. */
  get count(): number {
    return this.#count;
  }

  /** Registers a listener; returns how to take it back. */
  add(listener: DisconnectListener): () => void {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** The service is gone; an interruption that turns out to be the end is one loss. */
  lost(reason: LaunchportError): void {
    this.#count++;
    for (const tell of this.#waiting.splice(0)) tell();
    if (this.#isLost) return;
    this.#isLost = true;
    const failures: unknown[] = [];
    for (const { tell } of [...this.#listeners]) {
      try {
        tell(reason);
      } catch (error) {
        failures.push(error);
      }
    }
    // For the transport to log: the other listeners have been told.
    if (failures.length > 0) throw failures[0];
  }

  /** Resolves when there have been more than `count`, or after `timeout` milliseconds. Rejects with ERR_ABORTED. */
  async after(count: number, timeout: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#count > count) return;
    const isLate = new LaunchportError('ERR_TIMEOUT', 'the service is still there');
    await withDeadline(
      'waiting for the service to end',
      { timeout, signal },
      () => isLate,
      () => {
        return new Promise<void>((resolve) => this.#waiting.push(resolve));
      },
    ).catch((error: unknown) => {
      if (error !== isLate) throw error;
    });
  }

  /** The service has answered, so it is there (again). */
  found(): void {
    this.#isLost = false;
  }
}
