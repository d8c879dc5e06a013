/** The time one operation may take, shared by all the steps and pauses it is made of. */
import { abortedError, delay, type WaitOptions } from './deadline.js';
import { LaunchportError } from './errors.js';

/** Time as a budget sees it; tests pass their own. */
export interface BudgetClock {
  /** Milliseconds from any fixed start, never going back. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with ERR_ABORTED. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemBudgetClock: BudgetClock = { now: () => performance.now(), delay };

/** Bounds on one step: what a budget has left. */
export interface StepOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** A deadline that is counted down by a clock. */
export class Budget {
  /** The operation, for messages: `register com.apple.container.hydra`. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  /** The clock that counts it down. */
  readonly clock: BudgetClock;
  readonly #timeout: number;
  readonly #end: number;

  /** @throws RangeError when `timeout`, in milliseconds, is not a number */
  constructor(
    what: string,
    { timeout, signal }: WaitOptions & { readonly timeout: number },
    clock = systemBudgetClock,
  ) {
    if (Number.isNaN(timeout)) throw new RangeError('timeout is not a number');
    this.what = what;
    this.signal = signal;
    this.clock = clock;
    this.#timeout = timeout;
    this.#end = clock.now() + timeout;
  }

  /** Milliseconds left, never below 0. */
  get remaining(): number {
    return Math.max(0, this.#end - this.clock.now());
  }

  /**
   * Gives the next step what is left of the time.
   * @throws LaunchportError ERR_TIMEOUT when nothing is left, ERR_ABORTED when the caller gave up
   */
  rest(): StepOptions {
    this.assertLive();
    const { remaining, signal } = this;
    if (remaining > 0) return { timeout: Math.ceil(remaining), ...(signal === undefined ? {} : { signal }) };
    throw new LaunchportError('ERR_TIMEOUT', `${this.what} took longer than ${this.#timeout} ms`, {
      hint: 'Try again, or allow more time.',
      details: { timeout: this.#timeout },
    });
  }

  /**
   * Pauses for `ms` milliseconds or what is left. Resolves to false, at once, when nothing is.
   * @throws LaunchportError ERR_ABORTED
   */
  async pause(ms: number): Promise<boolean> {
    this.assertLive();
    const { remaining } = this;
    if (remaining === 0) return false;
    await this.clock.delay(Math.min(ms, remaining), this.signal);
    return true;
  }

  /** A shorter budget inside this one. */
  within(ms: number): Budget {
    const timeout = Math.min(ms, this.remaining);
    const options = this.signal === undefined ? { timeout } : { timeout, signal: this.signal };
    return new Budget(this.what, options, this.clock);
  }

  /** @throws LaunchportError ERR_ABORTED */
  assertLive(what = this.what): void {
    if (this.signal?.aborted) throw abortedError(what, this.signal);
  }
}
