/** Distributions: what is told of them is what is in them. */
import { describe, expect, it } from 'vitest';
import { medianOf, mergeSummaries, summarize } from '../../src/bench/quantiles.js';
import { distribution } from './series.js';

describe('one distribution', () => {
  it('tells quantiles by rank, in whatever order the samples come', () => {
    const samples = Array.from({ length: 1000 }, (_, index) => 1000 - index);
    const { buckets, ...rest } = distribution(samples);
    expect(rest).toEqual({ count: 1000, min: 1, p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 });
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
  });

  it('puts each sample into the bucket that ends at or above it, forty to a factor of ten', () => {
    const { buckets } = distribution([1, 9.9, 10, 10.1]);
    expect(buckets.map(({ count }) => count)).toEqual([1, 2, 1]);
    expect(buckets.map(({ upTo }) => Math.log10(upTo) * 40)).toEqual([
      expect.closeTo(0),
      expect.closeTo(40),
      expect.closeTo(41),
    ]);
  });

  it('is of something', () => {
    expect(() => summarize(new Float64Array())).toThrow(RangeError);
  });
});

describe('several rounds', () => {
  it('count together, with quantiles no further off than a bucket', () => {
    const low = distribution(Array.from({ length: 900 }, (_, index) => 5 + index / 900));
    const high = distribution(Array.from({ length: 100 }, (_, index) => 50 + index / 10));
    const all = mergeSummaries([low, high]);
    expect(all).toMatchObject({ count: 1000, min: 5, max: 59.9 });
    expect(all.p50).toBeGreaterThan(5.55 / 1.06);
    expect(all.p50).toBeLessThan(5.55 * 1.06);
    expect(all.p99).toBeGreaterThan(59 / 1.06);
    expect(all.p99).toBeLessThan(59 * 1.06);
    expect(all.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
  });

  it('takes bounds that were printed with few digits for the same', () => {
    const exact = distribution([7]);
    const [bucket] = exact.buckets;
    const printed = { ...exact, buckets: [{ upTo: Number(bucket?.upTo.toFixed(3)), count: 1 }] };
    expect(mergeSummaries([exact, printed]).buckets).toEqual([{ upTo: bucket?.upTo, count: 2 }]);
  });

  it('is itself when there is one', () => {
    const one = distribution([3, 4]);
    expect(mergeSummaries([one])).toBe(one);
    expect(() => mergeSummaries([])).toThrow(RangeError);
  });
});

it('a median is in the middle', () => {
  expect([[3, 1, 2], [4, 1, 2, 3], [7]].map(medianOf)).toEqual([2, 2.5, 7]);
  expect(medianOf([])).toBeNaN();
});
