/** Series for tests, as a run makes them. */
import type { LatencySummary, Series } from '../../src/bench/index.js';
import { medianOf, summarize } from '../../src/bench/quantiles.js';

/** A series of launchport's, 64 bytes, on one core, unless it says otherwise. */
export function makeSeries(more: Partial<Series> & Pick<Series, 'workload' | 'unit' | 'rounds'>): Series {
  return { transport: 'launchport', placement: 'same core', median: medianOf(more.rounds), ...more };
}

/** The distribution of some samples. */
export function distribution(samples: readonly number[]): LatencySummary {
  return summarize(Float64Array.from(samples));
}
