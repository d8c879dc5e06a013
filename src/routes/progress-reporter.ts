/** The server's side of progress: sends updates to the endpoint that came with a request. */
import type { WaitOptions } from '../base/index.js';
import { isLaunchportError } from '../base/index.js';
import type { XpcConnection } from '../xpc/index.js';
import { encodeProgress, mergeProgress, type ProgressUpdate } from './progress.js';

/** Milliseconds for the last updates to leave, and for a client to take in what a reader that is too slow holds up. */
const FLUSH_MS = 1_000;

/** Tells a client how far the work is. */
export interface ProgressReporter {
  /** Whether the client asked for it. `update` does nothing when it did not. */
  readonly isWanted: boolean;
  /**
   * Tells one step. Steps of one turn of the event loop go as one message, and so do those that a slow client leaves no
   * room for: none is lost, and none waits in a queue.
   * @throws RangeError for a count that is not a safe integer
   */
  update(update: ProgressUpdate): void;
}

/** For requests that brought no endpoint. */
export const NO_PROGRESS: ProgressReporter = {
  isWanted: false,
  update: (update) => void encodeProgress(update),
};

/** Reports over a connection to the client's endpoint. */
export class ConnectedReporter implements ProgressReporter {
  readonly isWanted = true;
  readonly #connection: XpcConnection;
  #pending: ProgressUpdate | undefined;
  #isWaiting = false;
  #sent = 0;

  /** `connection` is from then on the reporter's to end. */
  constructor(connection: XpcConnection) {
    this.#connection = connection;
  }

  update(update: ProgressUpdate): void {
    encodeProgress(update);
    if (this.#pending === undefined && !this.#isWaiting) queueMicrotask(() => this.#send());
    this.#pending = this.#pending === undefined ? update : mergeProgress(this.#pending, update);
  }

  /**
   * The work is done: sends what is left and ends the connection. Resolves to the number of messages sent, once they are
   * with the system; a client that does not take them is not waited for.
   */
  async finish(): Promise<number> {
    const bounds: WaitOptions = { timeout: FLUSH_MS };
    try {
      this.#send();
      if (this.#isWaiting) await this.#connection.drained(bounds);
      this.#isWaiting = false;
      this.#send();
      if (this.#sent > 0) await this.#connection.flushed(bounds);
    } catch {
      // The client has gone, or does not care.
    }
    this.#connection.cancel();
    return this.#sent;
  }

  #send(): void {
    const update = this.#pending;
    if (update === undefined || this.#isWaiting) return;
    try {
      this.#connection.send(encodeProgress(update));
      this.#pending = undefined;
      this.#sent++;
    } catch (error) {
      // Without a client there is nobody to tell; only congestion ends some time.
      if (isLaunchportError(error, 'ERR_XPC_QUEUE_FULL')) this.#waitForRoom();
      else this.#pending = undefined;
    }
  }

  #waitForRoom(): void {
    this.#isWaiting = true;
    this.#connection.drained({ timeout: 60_000 }).then(
      () => {
        this.#isWaiting = false;
        this.#send();
      },
      () => {
        this.#isWaiting = false;
        this.#pending = undefined;
      },
    );
  }
}
