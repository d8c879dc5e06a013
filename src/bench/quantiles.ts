/** Distributions of round trips: quantiles and logarithmic buckets, and those of several rounds as one. */
import type { LatencyBucket, LatencySummary } from './model.js';

/** Buckets to a factor of ten. */
const BUCKETS_PER_DECADE = 40;

/** Summarises samples in microseconds, in any order; sorts them in place. @throws RangeError when there are none */
export function summarize(samples: Float64Array): LatencySummary {
  if (samples.length === 0) throw new RangeError('no samples to summarize');
  samples.sort();
  const at = (share: number) => samples[rank(share, samples.length) - 1] as number;
  const counts = new Map<number, number>();
  for (const sample of samples) {
    const bucket = bucketOf(sample);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return {
    count: samples.length,
    min: at(0),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
    buckets: bucketsFrom(counts),
  };
}

/**
 * The distribution of all rounds. Quantiles of several rounds come from the buckets: they lie at most one bucket, 6 %,
 * beside those of the samples. @throws RangeError when there are none
 */
export function mergeSummaries(summaries: readonly LatencySummary[]): LatencySummary {
  const [first] = summaries;
  if (first === undefined) throw new RangeError('no summaries to merge');
  if (summaries.length === 1) return first;
  const counts = new Map<number, number>();
  for (const { upTo, count } of summaries.flatMap(({ buckets }) => buckets)) {
    // Programs in C print bounds with fewer digits.
    const bucket = Math.round(Math.log10(upTo) * BUCKETS_PER_DECADE);
    counts.set(bucket, (counts.get(bucket) ?? 0) + count);
  }
  const buckets = bucketsFrom(counts);
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const min = Math.min(...summaries.map((summary) => summary.min));
  const max = Math.max(...summaries.map((summary) => summary.max));
  const at = (share: number) => Math.min(Math.max(quantileOf(buckets, rank(share, count)), min), max);
  return { count, min, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max, buckets };
}

/** The middle value; of an even number, the mean of the two in the middle. NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)] ?? Number.NaN;
  return Number.isInteger(half) ? (upper + (sorted[half - 1] ?? Number.NaN)) / 2 : upper;
}

/** Which of `count` samples in ascending order, from 1, is the quantile. */
function rank(share: number, count: number): number {
  return Math.max(1, Math.ceil(share * count));
}

function bucketOf(sample: number): number {
  return Math.ceil(Math.log10(Math.max(sample, 1e-3)) * BUCKETS_PER_DECADE);
}

function bucketsFrom(counts: ReadonlyMap<number, number>): readonly LatencyBucket[] {
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([bucket, count]) => ({ upTo: 10 ** (bucket / BUCKETS_PER_DECADE), count }));
}

/** The sample of a rank, as if those of a bucket were spread evenly over it. */
function quantileOf(buckets: readonly LatencyBucket[], wanted: number): number {
  let before = 0;
  for (const { upTo, count } of buckets) {
    if (before + count >= wanted) {
      const from = upTo / 10 ** (1 / BUCKETS_PER_DECADE);
      return from + (upTo - from) * ((wanted - before) / count);
    }
    before += count;
  }
  return Number.NaN;
}
