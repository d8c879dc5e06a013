/** Requests that wait for their replies, where those come in the order of the requests. */
import type { EchoMessage } from '../transport.js';

interface Waiting {
  readonly resolve: (message: EchoMessage) => void;
  readonly reject: (error: Error) => void;
}

/** A queue of promises. Every transport here that uses it keeps order, so that nothing need be looked up. */
export class PendingEchoes {
  #waiting: Waiting[] = [];
  #first = 0;
  #error: Error | undefined;

  /** A promise for the reply to a request that is sent now. */
  add(): Promise<EchoMessage> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Settles the oldest. */
  settle(message: EchoMessage): void {
    const waiting = this.#waiting[this.#first++];
    // Forgotten in one go: removing the first of an array moves all others.
    if (this.#first === this.#waiting.length) this.#clear();
    else if (this.#first >= 1024) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    waiting?.resolve(message);
  }

  /** Fails what waits, and whatever is asked for from now on. */
  fail(error: Error): void {
    const left = this.#waiting.slice(this.#first);
    this.#clear();
    this.#error ??= error;
    for (const { reject } of left) reject(error);
  }

  #clear(): void {
    this.#waiting = [];
    this.#first = 0;
  }
}
