/** Notices when a plugin has had nothing to do for a while. */

/** Watches the servers of one process. */
export class IdleWatch {
  readonly #timer: NodeJS.Timeout | undefined;
  #busy = 0;
  #signs = 0;

  /** Calls `onQuiet` after each `quiet` milliseconds without a sign of life; never when it is undefined. */
  constructor(quiet: number | undefined, onQuiet: () => void) {
    if (quiet === undefined) return;
    this.#timer = setTimeout(() => {
      if (this.#busy === 0) onQuiet();
    }, quiet);
    // What there is to wait for keeps the process alive, not this.
    this.#timer.unref();
  }

  /** Counts signs of life: the same number twice means that nothing happened between. */
  get signs(): number {
    return this.#signs;
  }

  /** A server has something to do, or has nothing left to do. */
  readonly onBusy = (isBusy: boolean): void => {
    this.#signs++;
    this.#busy += isBusy ? 1 : -1;
    if (this.#busy === 0) this.restart();
  };

  /** The quiet time begins now. */
  restart(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
