/** Collects what rounds measured, and makes series of it. */
import type { Outcome } from './contender.js';
import type { LatencySummary, Placement, Series, Unit } from './model.js';
import type { Work } from './plan.js';
import { medianOf, mergeSummaries } from './quantiles.js';
import type { Task } from './task.js';

/** What makes a series one, besides its values. */
type SeriesKey = Omit<Series, 'rounds' | 'median' | 'latency'>;

interface Collected {
  readonly key: SeriesKey;
  readonly rounds: number[];
  readonly summaries: LatencySummary[];
}

/** How often a client's event loop is entered for each reply. */
export const WAKE_UPS = 'in flight: wake-ups per message';

const UNITS: Readonly<Record<Task['work'], Unit>> = {
  latency: 'µs',
  'in flight': 'messages/s',
  echo: 'MB/s',
  connect: 'connections/s',
  idle: 'KiB',
};

/** Values by series, in the order of their first. */
export class SeriesCollector {
  readonly #collected = new Map<string, Collected>();

  /** Takes what a participant measured in one round. */
  add(transport: string, work: Work, { task, result }: Outcome): void {
    const { workload, placement } = work;
    const unit = UNITS[task.work];
    const base = { transport, placement, payload: task.payload };
    const latency = result.latency;
    switch (task.work) {
      case 'latency':
        this.#put({ ...base, workload, unit }, result.value, latency);
        if (latency !== undefined) this.#put({ ...base, workload: 'latency p99', unit }, latency.p99);
        return;
      case 'in flight': {
        const key = { ...base, inFlight: task.inFlight };
        this.#put({ ...key, workload, unit }, result.value);
        if (result.wakeUpsPerMessage !== undefined && task.connections === 1 && work.clients === 1) {
          this.#put({ ...key, workload: WAKE_UPS, unit: 'count' }, result.wakeUpsPerMessage);
        }
        return;
      }
      case 'echo':
        this.#put({ ...base, workload, unit }, result.value);
        return;
      case 'connect':
        this.#put({ transport, placement, workload, unit }, result.value);
        return;
      case 'idle':
        this.#put({ transport, placement, workload: `${workload}, client`, unit }, result.value);
        if (result.server !== undefined) {
          this.#put({ transport, placement, workload: `${workload}, server`, unit }, result.server);
        }
    }
  }

  /** All of them. */
  series(): readonly Series[] {
    return [...this.#collected.values()].map(({ key, rounds, summaries }) => ({
      ...key,
      rounds,
      median: medianOf(rounds),
      ...(summaries.length === 0 ? {} : { latency: mergeSummaries(summaries) }),
    }));
  }

  #put(key: SeriesKey, value: number, latency?: LatencySummary): void {
    const name = seriesName(key);
    const found = this.#collected.get(name) ?? { key, rounds: [], summaries: [] };
    this.#collected.set(name, found);
    found.rounds.push(value);
    if (latency !== undefined) found.summaries.push(latency);
  }
}

/** Tells series apart. */
function seriesName({ transport, ...key }: SeriesKey): string {
  return `${transport}\n${comparisonName(key)}`;
}

/** The same for series that do the same work. */
export function comparisonName(key: {
  readonly workload: string;
  readonly payload?: number;
  readonly inFlight?: number;
  readonly placement: Placement;
  readonly unit: Unit;
}): string {
  return [key.workload, key.payload, key.inFlight, key.placement, key.unit].join('\n');
}
