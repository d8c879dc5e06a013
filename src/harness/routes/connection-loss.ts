/** Tells whoever asked that a service is gone, once for each time it goes. */
import type { LaunchportError } from '../../base/index.js';

/** Hears that the service is gone: ERR_XPC_INTERRUPTED (it may come back) or ERR_XPC_INVALID (it does not). */
export type DisconnectListener = (reason: LaunchportError) => void;

/** The losses of one client. */
export class ConnectionLoss {
  readonly #listeners = new Set<{ readonly tell: DisconnectListener }>();
  #isLost = false;

  /** Registers a listener; returns how to take it back. */
  add(listener: DisconnectListener): () => void {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** The service is gone; an interruption that turns out to be the end is one loss. */
  lost(reason: LaunchportError): void {
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

  /** The service has answered, so it is there (again). */
  found(): void {
    this.#isLost = false;
  }
}
