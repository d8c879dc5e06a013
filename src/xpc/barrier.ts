/** Tells when everything sent so far has left: at most one question to the binding is open at a time. */
import { Waiters } from './waiters.js';

/** The barrier of one connection. */
export class Barrier {
  readonly #ask: () => void;
  /** Who waits for the answer to the open question, and who came too late for it. */
  #asked = new Waiters();
  #late = new Waiters();
  #isAsked = false;

  /** `ask` asks the binding for one `sent` event. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Resolves when what was sent before has left, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    if (this.#isAsked) return this.#late.wait(signal);
    this.#isAsked = true;
    this.#ask();
    return this.#asked.wait(signal);
  }

  /** The `sent` event came. */
  reached(): void {
    this.#asked.release();
    [this.#asked, this.#late] = [this.#late, this.#asked];
    this.#isAsked = !this.#asked.isEmpty;
    if (this.#isAsked) this.#ask();
  }

  /** The connection ended: nothing more leaves. */
  end(): void {
    this.#asked.release();
    this.#late.release();
  }
}
