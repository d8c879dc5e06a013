/** A piece of work that runs once per turn of the event loop, however often it is asked for. */

// Taken at load, so that a test's fake timers do not stop the mock.
const { setImmediate, clearImmediate, setInterval, clearInterval } = globalThis;

/** Longest interval a timer keeps; see MAX_TIMEOUT_MS of the base. */
const FAR_AWAY_MS = 0x7fff_ffff;

/** Runs `work` in the next turn after a `request`; requests before that are one. Never runs inside `request`. */
export class Turn {
  readonly #work: () => void;
  #immediate: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(work: () => void) {
    this.#work = work;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isRequested(): boolean {
    return this.#immediate !== undefined;
  }

  request(): void {
    if (this.#isClosed) return;
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#work();
    });
  }

  /** Nothing runs from now on. */
  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }
}

/** Keeps the event loop alive while both asked to and needed. */
export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;

  update(isNeeded: boolean): void {
    if (isNeeded) {
      this.#timer ??= setInterval(() => {}, FAR_AWAY_MS);
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
