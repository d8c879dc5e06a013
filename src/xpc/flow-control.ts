/** Keeps a sender from running ahead of its reader: what a connection may still send, and when it may again. */
import { LaunchportError } from '../base/index.js';
import { Waiters } from './waiters.js';

/** Bytes sent in one turn of the event loop after which `drained` waits for the next. */
const TURN_BYTES = 256 * 1024;

/** Bytes sent in one turn after which no one-way message is taken. The binding drops some far beyond this, and tells late. */
const MAX_TURN_BYTES = 32 * 1024 * 1024;

/** The flow control of one connection. */
export class FlowControl {
  readonly #service: string;
  #isCongested = false;
  #turnBytes = 0;
  #turnEnd: Promise<void> | undefined;
  readonly #waiters = new Waiters();

  constructor(service: string) {
    this.#service = service;
  }

  /** Whether more may be sent without a wait. */
  get isIdle(): boolean {
    return !this.#isCongested && this.#turnBytes < TURN_BYTES;
  }

  /** The binding's queue is above its high-water mark, or below its low-water mark again. */
  setCongested(isCongested: boolean): void {
    this.#isCongested = isCongested;
    if (!isCongested) this.#waiters.release();
  }

  /** @throws LaunchportError ERR_XPC_QUEUE_FULL */
  assertRoom(): void {
    if (!this.#isCongested && this.#turnBytes < MAX_TURN_BYTES) return;
    throw new LaunchportError('ERR_XPC_QUEUE_FULL', `${this.#service}: too much is waiting to be sent`, {
      hint: 'Wait for drained() before sending more.',
      details: { service: this.#service },
    });
  }

  /** Counts bytes sent. */
  count(byteLength: number): void {
    this.#turnBytes += byteLength;
    if (this.#turnBytes < TURN_BYTES || this.#turnEnd !== undefined) return;
    this.#turnEnd = new Promise((resolve) => {
      setImmediate(() => {
        this.#turnBytes = 0;
        this.#turnEnd = undefined;
        resolve();
      });
    });
  }

  /**
   * Resolves when more may be sent, or when the signal aborts. A turn of the loop passes first, so that the binding
   * can tell of congestion.
   */
  async drained(signal: AbortSignal): Promise<void> {
    await this.#turnEnd;
    if (this.#isCongested && !signal.aborted) await this.#waiters.wait(signal);
  }
}
