/**
 * Deadlines of requests. Nearly all have the same length and end early, so there is one timer per length and not one
 * per request: a new deadline goes to the end of its lane, where all before it are due earlier.
 */
import { MAX_TIMEOUT_MS } from '../base/index.js';

/** Empty lanes kept, with their timer, for the next request of that length. */
const MAX_LANES = 16;

/** Something with a deadline. The fields belong to the queue. */
export interface Dated {
  dueAt: number;
  lane: Lane | undefined;
  previous: Dated | undefined;
  next: Dated | undefined;
}

interface Lane {
  readonly milliseconds: number;
  first: Dated | undefined;
  last: Dated | undefined;
  timer: NodeJS.Timeout;
}

/** A queue of deadlines. Its timers do not keep the event loop alive. */
export class DeadlineQueue<T extends Dated> {
  readonly #onExpired: (item: T) => void;
  readonly #lanes = new Map<number, Lane>();
  #now: number | undefined;

  constructor(onExpired: (item: T) => void) {
    this.#onExpired = onExpired;
  }

  /** Expires `item` after this many milliseconds, rounded up; 0 or less: in the next turn of the loop. */
  add(item: T, milliseconds: number): void {
    const length = Math.min(Math.max(Math.ceil(milliseconds), 0), MAX_TIMEOUT_MS);
    const lane = this.#lanes.get(length) ?? this.#open(length);
    this.#now ??= performance.now();
    item.dueAt = this.#now + length;
    item.lane = lane;
    item.previous = lane.last;
    if (lane.last === undefined) lane.first = item;
    else lane.last.next = item;
    lane.last = item;
  }

  /** Takes `item` out; does nothing when it is not in. */
  remove(item: T): void {
    const { lane, previous, next } = item;
    if (lane === undefined) return;
    if (previous === undefined) lane.first = next;
    else previous.next = next;
    if (next === undefined) lane.last = previous;
    else next.previous = previous;
    item.lane = item.previous = item.next = undefined;
    if (lane.first === undefined && this.#lanes.size > MAX_LANES) this.#close(lane);
  }

  /** Reads the clock anew at the next `add`. The clock is read once per burst of requests. */
  forgetTime(): void {
    this.#now = undefined;
  }

  /** Stops all timers; nothing expires from now on. */
  clear(): void {
    for (const lane of this.#lanes.values()) clearTimeout(lane.timer);
    this.#lanes.clear();
  }

  #open(milliseconds: number): Lane {
    const timer = setTimeout(() => this.#expire(lane), milliseconds).unref();
    const lane: Lane = { milliseconds, first: undefined, last: undefined, timer };
    this.#lanes.set(milliseconds, lane);
    return lane;
  }

  #close(lane: Lane): void {
    clearTimeout(lane.timer);
    this.#lanes.delete(lane.milliseconds);
  }

  #expire(lane: Lane): void {
    const now = performance.now();
    this.#now = now;
    while (lane.first !== undefined && lane.first.dueAt <= now) {
      const item = lane.first as T;
      this.remove(item);
      this.#onExpired(item);
    }
    this.#now = undefined;
    if (this.#lanes.get(lane.milliseconds) !== lane) return;
    if (lane.first === undefined) this.#close(lane);
    else
      lane.timer = setTimeout(
        () => this.#expire(lane),
        Math.max(1, Math.ceil(lane.first.dueAt - now)),
      ).unref();
  }
}
