/** Time as the supervisor sees it, so that tests move it by hand. */
import { performance } from 'node:perf_hooks';
import { MAX_TIMEOUT_MS } from '../base/index.js';

/** A source of time and timers. */
export interface Clock {
  /** Milliseconds of a clock that never goes back; only differences mean something. */
  now(): number;
  /** Milliseconds since the epoch, as the wall clock has it: it may be set. */
  wallTime(): number;
  /** Calls `callback` once after `ms` milliseconds, never before this returns. The result cancels it. */
  schedule(ms: number, callback: () => void): () => void;
}

/** The machine's monotonic clock: changes of the wall clock neither hurry nor delay a job. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  schedule(ms, callback) {
    let timer: NodeJS.Timeout;
    // A timer of Node keeps at most 25 days; an interval of a plist may be longer.
    const wait = (rest: number) => {
      const next = rest > MAX_TIMEOUT_MS ? () => wait(rest - MAX_TIMEOUT_MS) : callback;
      timer = setTimeout(next, Math.min(Math.max(rest, 0), MAX_TIMEOUT_MS));
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** The same clock with every callback run by `guard`, so that nothing is thrown into a timer. */
export function guardedClock(clock: Clock, guard: (work: () => void) => void): Clock {
  return {
    now: () => clock.now(),
    wallTime: () => clock.wallTime(),
    schedule: (ms, callback) => clock.schedule(ms, () => guard(callback)),
  };
}
