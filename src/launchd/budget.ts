/** The time one control call may take, shared by all the commands and pauses it is made of. */
import { abortedError, delay, LaunchportError } from '../base/index.js';
import type { ControlOptions } from './control.js';

/** Time as the control sees it; tests pass their own. */
export interface ControlClock {
  /** Milliseconds from any fixed start, never going back. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with ERR_ABORTED. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: ControlClock = { now: () => performance.now(), delay };

/** Milliseconds that a control call may take when nothing else is said. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** A deadline that is counted down by a clock. */
export class Budget {
  readonly signal: AbortSignal | undefined;
  readonly #clock: ControlClock;
  readonly #end: number;

  constructor(clock: ControlClock, { timeout = DEFAULT_TIMEOUT_MS, signal }: ControlOptions = {}) {
    if (Number.isNaN(timeout)) throw new RangeError('timeout is not a number');
    this.signal = signal;
    this.#clock = clock;
    this.#end = clock.now() + timeout;
  }

  /** Milliseconds left, never below 0. */
  get remaining(): number {
    return Math.max(0, this.#end - this.#clock.now());
  }

  /**
   * Pauses for `ms` milliseconds or what is left. Resolves to false, at once, when nothing is.
   * @throws LaunchportError ERR_ABORTED
   */
  async pause(ms: number): Promise<boolean> {
    this.assertLive('waiting for launchd');
    const { remaining } = this;
    if (remaining === 0) return false;
    await this.#clock.delay(Math.min(ms, remaining), this.signal);
    return true;
  }

  /** A shorter budget inside this one. */
  within(ms: number): Budget {
    const options = { timeout: Math.min(ms, this.remaining) };
    return new Budget(this.#clock, this.signal === undefined ? options : { ...options, signal: this.signal });
  }

  /** @throws LaunchportError ERR_ABORTED */
  assertLive(what: string): void {
    if (this.signal?.aborted) throw abortedError(what, this.signal);
  }
}

/** The error for a call whose time was up before its command could be given. */
export function spentError(what: string, details: Readonly<Record<string, unknown>>): LaunchportError {
  return new LaunchportError('ERR_TIMEOUT', `no time left for ${what}`, {
    hint: 'Nothing was done. Allow more time.',
    details,
  });
}
