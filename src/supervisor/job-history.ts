/** What a job has been through: its starts and its last end. Kept from one supervisor to the next. */
import type { JobExit } from '../launchd/index.js';
import type { Clock } from './clock.js';
import { throttleDelay } from './throttle.js';

/** What is to be kept of a job so that another supervisor can go on with it; JSON-safe. */
export interface JobRecord {
  readonly runs: number;
  readonly lastExit?: JobExit;
  /** Why it was last started. */
  readonly reason?: string;
  /** When it was last started, in milliseconds since the epoch. */
  readonly lastStart?: number;
}

/** Counts starts and remembers ends. */
export class JobHistory {
  readonly #clock: Clock;
  #runs = 0;
  /** In milliseconds of the clock. */
  #lastStart: number | undefined;
  #lastExit: JobExit | undefined;
  #reason: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts so far, failed ones included. */
  get runs(): number {
    return this.#runs;
  }

  get lastExit(): JobExit | undefined {
    return this.#lastExit;
  }

  /** Why it was last started. */
  get reason(): string | undefined {
    return this.#reason;
  }

  started(reason: string): void {
    this.#runs += 1;
    this.#lastStart = this.#clock.now();
    this.#reason = reason;
  }

  ended(exit: JobExit): void {
    this.#lastExit = exit;
  }

  /** Milliseconds until the next start is allowed, for a ThrottleInterval in milliseconds. */
  pause(interval: number): number {
    return throttleDelay({
      now: this.#clock.now(),
      lastStart: this.#lastStart,
      interval,
      hasFailed: this.#lastExit?.kind === 'spawn failed',
    });
  }

  record(): JobRecord {
    const clock = this.#clock;
    const since = this.#lastStart === undefined ? undefined : clock.now() - this.#lastStart;
    return {
      runs: this.#runs,
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(since === undefined ? {} : { lastStart: clock.wallTime() - since }),
    };
  }

  /** Takes over what another supervisor recorded. A wall clock that was set back makes the last start now. */
  restore({ runs, lastExit, reason, lastStart }: JobRecord): void {
    this.#runs = runs;
    this.#lastExit = lastExit;
    this.#reason = reason;
    if (lastStart === undefined) return;
    this.#lastStart = this.#clock.now() - Math.max(0, this.#clock.wallTime() - lastStart);
  }
}
