/** Charts of lines: shares of the samples up to a time, and figures over the payload. */
import type { Drawing } from './ridges.js';
import { lineOf } from './ridges.js';
import type { ChartSpec, TransportStyle } from './shapes.js';
import type { Theme } from './theme.js';
import { digits, isNamed, logTicks, nines, ninesText, percentText } from './ticks.js';

/** Shares, on an even axis or on one that opens the tail. */
export function cumulative(
  spec: ChartSpec,
  transports: readonly TransportStyle[],
  theme: Theme,
  isTail: boolean,
): Drawing {
  const most = Math.max(1, ...spec.series.map(({ marks }) => Math.ceil(nines(1, marks?.count ?? 10))));
  return {
    data: [
      spec.x as number[],
      ...spec.series.map(({ values, marks }) =>
        isTail
          ? values.map((share) => (share === null ? null : nines(share, marks?.count ?? 10)))
          : [...values],
      ),
    ],
    series: spec.series.map(({ transport }) => ({
      ...lineOf(transports[transport] as TransportStyle, theme),
      points: { show: false },
    })),
    yScale: { range: isTail ? [0, most] : [0, 1] },
    yAxis: {
      size: isTail ? 76 : 62,
      splits: () =>
        isTail
          ? [0, Math.log10(2), ...Array.from({ length: most }, (_, index) => index + 1)]
          : [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1],
      values: (_, splits) =>
        splits.map((split) => (isTail ? ninesText(split) : `${Math.round(split * 100)}%`)),
    },
    height: 340,
    padding: [10, 14, 0, 0],
    valueAt: (series, index) => {
      const share = spec.series[series]?.values[index];
      return share === null || share === undefined ? '' : percentText(share);
    },
  };
}

/** Figures over the payload, both logarithmic. */
export function curves(spec: ChartSpec, transports: readonly TransportStyle[], theme: Theme): Drawing {
  const all = spec.series.flatMap(({ values }) => values.filter((value) => value !== null));
  const min = Math.min(...all) / 1.4;
  const max = Math.max(...all) * 1.4;
  return {
    data: [spec.x as number[], ...spec.series.map(({ values }) => [...values])],
    series: spec.series.map(({ transport }) => {
      const line = lineOf(transports[transport] as TransportStyle, theme);
      const { isOurs } = transports[transport] as TransportStyle;
      return {
        ...line,
        spanGaps: true,
        points: { show: true, size: isOurs ? 7 : 5, fill: line.stroke as string },
      };
    }),
    yScale: { distr: 3, range: [min, max] },
    yAxis: {
      size: 64,
      splits: () => logTicks(min, max),
      values: (plot, splits) => {
        const height = plot.bbox.height / devicePixelRatio / Math.log10(max / min);
        return splits.map((split) => (isNamed(split, height) ? digits(split) : null));
      },
    },
    height: 400,
    padding: [10, 18, 0, 0],
    valueAt: (series, index) => {
      const value = spec.series[series]?.values[index];
      return value === null || value === undefined ? '' : `${digits(value)} ${spec.yUnit}`;
    },
  };
}
