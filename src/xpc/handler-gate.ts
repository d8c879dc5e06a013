/** Bounds the request handlers that run at once, and the requests that wait for their turn. */

/** A gate. Requests beyond both bounds are refused by `enter`. */
export class HandlerGate {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  #running = 0;
  #waiting: (() => void)[] = [];
  #first = 0;
  #isLettingIn = false;

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** Runs `work` now, or when others have left; false when too many wait already. Each run calls `leave` once. */
  enter(work: () => void): boolean {
    if (this.#running < this.#maxRunning) {
      this.#running++;
      work();
      return true;
    }
    if (this.#waiting.length - this.#first >= this.#maxWaiting) return false;
    this.#waiting.push(work);
    return true;
  }

  /** A handler is done: lets those in that wait longest. */
  leave(): void {
    this.#running--;
    // A handler that is done at once leaves from within this loop.
    if (this.#isLettingIn) return;
    this.#isLettingIn = true;
    while (this.#running < this.#maxRunning && this.#first < this.#waiting.length) {
      const work = this.#waiting[this.#first++] as () => void;
      this.#running++;
      work();
    }
    this.#isLettingIn = false;
    // What is in front has run; cut it off when that moves each waiting entry once on average.
    if (this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
  }
}
