/** Series as charts: distributions on common buckets, curves on common payloads. */
import type { LatencySummary, Series } from '../model.js';
import { type CurveGroup, payloadsOf } from './groups.js';
import type { ChartSpec } from './page/shapes.js';

/** Buckets to a factor of ten, as the benchmark counts them. */
const BUCKETS = 40;

/** Number of the bucket that ends at so many microseconds. */
const bucketOf = (upTo: number) => Math.round(Math.log10(Math.max(upTo, 1e-6)) * BUCKETS);
const boundOf = (bucket: number) => 10 ** (bucket / BUCKETS);

type WithLatency = Series & { readonly latency: LatencySummary };

/** Those that have a distribution with anything in it. */
export function withLatency(series: readonly Series[]): readonly WithLatency[] {
  return series.filter((one): one is WithLatency => (one.latency?.buckets.length ?? 0) > 0);
}

/** Where the distributions of a chart begin and end. */
function latencyRange(series: readonly Series[]): {
  readonly all: readonly [number, number];
  /** Without the last thousandth, which would squeeze the rest. */
  readonly most: readonly [number, number];
} {
  const latencies = withLatency(series).map(({ latency }) => latency);
  const bounds = latencies.flatMap(({ buckets }) => buckets.map(({ upTo }) => bucketOf(upTo)));
  const from = boundOf(Math.min(...bounds) - 3);
  const until = boundOf(Math.max(...bounds) + 1);
  const most = Math.max(...latencies.map(({ p999 }) => p999)) * 1.3;
  return { all: [from, until], most: [from, Math.min(until, Math.max(most, from * 2))] };
}

/** Histogram and CDF of one placement, on the bounds of the buckets from below the first to the end of the last. */
export function latencyCharts(
  id: string,
  group: readonly Series[],
  transportOf: (series: Series) => number,
): readonly [ChartSpec, ChartSpec] {
  const series = withLatency(group);
  const all = series.flatMap(({ latency }) => latency.buckets.map(({ upTo }) => bucketOf(upTo)));
  const first = Math.min(...all) - 2;
  const last = Math.max(...all);
  const x = Array.from({ length: last - first + 1 }, (_, index) => boundOf(first + index));
  const distributions = series.map((one) => {
    // counts[i]: between x[i] and x[i + 1].
    const counts = new Array<number>(x.length).fill(0);
    for (const { upTo, count } of one.latency.buckets) {
      const index = bucketOf(upTo) - first - 1;
      counts[index] = (counts[index] ?? 0) + count;
    }
    const total = counts.reduce((sum, count) => sum + count, 0) || 1;
    const { p50, p99 } = one.latency;
    return { transport: transportOf(one), counts, total, marks: { p50, p99, count: total } };
  });
  const range = latencyRange(series);
  const common = { x, xUnit: 'µs' as const, xRange: range.most, cursor: id };
  return [
    {
      ...common,
      id: `${id}-histogram`,
      kind: 'histogram',
      yUnit: 'of the samples',
      series: distributions.map(({ transport, counts, total, marks }) => ({
        transport,
        marks,
        values: counts.map((count) => rounded(count / total)),
      })),
    },
    {
      ...common,
      id: `${id}-cdf`,
      kind: 'cdf',
      yUnit: 'of the samples',
      xRangeOfTail: range.all,
      series: distributions.map(({ transport, counts, total, marks }) => ({
        transport,
        marks,
        values: cumulated(counts, total),
      })),
    },
  ];
}

/** Share of the samples up to each bound; null before the first and after the last of them. */
function cumulated(counts: readonly number[], total: number): readonly (number | null)[] {
  const begin = counts.findIndex((count) => count > 0);
  const end = counts.findLastIndex((count) => count > 0) + 1;
  let sum = 0;
  return counts.map((count, index) => {
    const share = rounded(sum / total);
    sum += count;
    return index < begin || index > end ? null : share;
  });
}

/** One line for each transport over all payloads that any of them has. */
export function curveChart(
  id: string,
  group: CurveGroup,
  transportOf: (series: Series) => number,
): ChartSpec {
  const x = payloadsOf(group.series).filter((payload) => payload > 0);
  const transports = [...new Set(group.series.map(transportOf))];
  return {
    id,
    kind: 'curve',
    x,
    xRange: [(x[0] ?? 1) / 1.25, (x.at(-1) ?? 1) * 1.25],
    xUnit: 'bytes',
    yUnit: group.unit,
    series: transports.map((transport) => ({
      transport,
      values: x.map((payload) => {
        const found = group.series.find((one) => one.payload === payload && transportOf(one) === transport);
        return found && found.median > 0 ? found.median : null;
      }),
    })),
  };
}

/** Six digits are plenty for a picture, and keep the page small. */
function rounded(share: number): number {
  return Number(share.toPrecision(7));
}
