/** What starts a job besides clients and orders: an interval, the calendar, and paths. */
import type { CalendarEntry } from './calendar.js';
import { nextOccurrence } from './calendar.js';
import type { Clock } from './clock.js';
import { conditionPaths, type KeepAlivePolicy } from './keep-alive.js';
import { PathMonitor } from './path-monitor.js';

/** Milliseconds between looks at the wall clock, which may be set and does not stop while the machine sleeps. */
const CALENDAR_LOOK_MS = 60_000;

/** Of a job's settings, what this is about. */
export interface TriggerSettings {
  readonly keepAlive: KeepAlivePolicy;
  /** StartInterval in milliseconds. */
  readonly startInterval?: number;
  readonly calendar: readonly CalendarEntry[];
  /** Absolute. */
  readonly watchPaths: readonly string[];
}

/** What is told to the job; it ignores what comes at the wrong time. */
export interface TriggerSink {
  /** A time has come, or a path changed. */
  fire(cause: string): void;
  /** A path that KeepAlive or QueueDirectories is about changed. */
  conditionsChanged(): void;
}

/** The triggers of one job, from its load to its end. Firings while it runs are its to skip, not held back here. */
export class JobTriggers {
  readonly #clock: Clock;
  readonly #sink: TriggerSink;
  readonly #cancels = new Map<'interval' | 'calendar', () => void>();
  readonly #monitor: PathMonitor | undefined;

  constructor(settings: TriggerSettings, clock: Clock, sink: TriggerSink) {
    this.#clock = clock;
    this.#sink = sink;
    const { startInterval, calendar, watchPaths, keepAlive } = settings;
    if (startInterval !== undefined) this.#repeat(startInterval, clock.now() + startInterval);
    if (calendar.length > 0) this.#await(calendar, nextOccurrence(calendar, clock.wallTime()));
    const watched = new Set(watchPaths);
    const conditions = conditionPaths(keepAlive);
    const paths = [...new Set([...watchPaths, ...conditions])];
    if (paths.length === 0) return;
    this.#monitor = new PathMonitor(paths, clock, (changed) => {
      if (changed.some((path) => watched.has(path))) sink.fire('watch path');
      if (conditions.length > 0) sink.conditionsChanged();
    });
  }

  stop(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
    this.#monitor?.stop();
  }

  /** Counted from the load, so that a late timer does not make all later ones late. */
  #repeat(interval: number, due: number): void {
    const cancel = this.#clock.schedule(Math.max(0, due - this.#clock.now()), () => {
      // Intervals that passed in one sleep are one.
      const passed = Math.floor((this.#clock.now() - due) / interval);
      this.#repeat(interval, due + (Math.max(0, passed) + 1) * interval);
      this.#sink.fire('interval');
    });
    this.#cancels.set('interval', cancel);
  }

  #await(calendar: readonly CalendarEntry[], due: number | undefined): void {
    if (due === undefined) return;
    const rest = due - this.#clock.wallTime();
    const cancel = this.#clock.schedule(Math.min(Math.max(rest, 0), CALENDAR_LOOK_MS), () => {
      const now = this.#clock.wallTime();
      const isDue = now >= due;
      // A clock that was set back brings an earlier time.
      const next = nextOccurrence(calendar, now);
      this.#await(calendar, isDue || next === undefined ? next : Math.min(due, next));
      if (isDue) this.#sink.fire('calendar interval');
    });
    this.#cancels.set('calendar', cancel);
  }
}
