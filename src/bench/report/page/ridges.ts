/** Histograms as ridges: a row for each transport, all over one time axis, each as high as its own peak. */
import uPlot from 'uplot';
import type { ChartSpec, TransportStyle } from './shapes.js';
import { DASHES, faded, type Theme } from './theme.js';
import { digits, percentText } from './ticks.js';

/** What a kind of chart adds to what all have in common. */
export interface Drawing {
  readonly data: uPlot.AlignedData;
  readonly series: uPlot.Series[];
  readonly yScale: uPlot.Scale;
  readonly yAxis: uPlot.Axis;
  readonly height: number;
  readonly padding: uPlot.Padding;
  readonly draw?: (plot: uPlot) => void;
  /** What the series says where the cursor is. */
  readonly valueAt: (series: number, index: number) => string;
}

const ROW = 38;
/** How much of its row a peak takes. */
const PEAK = 0.86;
const FONT = 'system-ui, sans-serif';

export function ridges(
  spec: ChartSpec,
  transports: readonly TransportStyle[],
  theme: Theme,
  width: number,
): Drawing {
  const isWide = width > 520;
  const fontSize = isWide ? 12 : 10;
  const rows = spec.series.length;
  const baseOf = (row: number) => rows - 1 - row;
  const styleOf = (row: number) => transports[spec.series[row]?.transport ?? 0] as TransportStyle;
  const values = spec.series.map((series, row) => {
    const peak = Math.max(...series.values.map((value) => value ?? 0)) || 1;
    return series.values.map((value) => baseOf(row) + (PEAK * (value ?? 0)) / peak);
  });
  return {
    data: [spec.x as number[], ...values],
    series: spec.series.map((_, row) => {
      const style = styleOf(row);
      const color = theme.colorOf(style);
      return {
        label: style.name,
        scale: 'y',
        stroke: color,
        fill: faded(color, style.isOurs ? 0.42 : 0.2),
        fillTo: baseOf(row),
        width: style.isOurs ? 2 : 1.25,
        points: { show: false },
        ...stepped(),
      };
    }),
    yScale: { range: [-0.08, rows] },
    yAxis: {
      size: isWide ? 196 : 98,
      gap: 8,
      stroke: theme.text,
      font: `${fontSize}px ${FONT}`,
      grid: { show: false },
      ticks: { show: false },
      splits: () => spec.series.map((_, row) => baseOf(row) + 0.3),
      values: (plot, splits) =>
        splits.map((_, row) => shortened(plot.ctx, styleOf(row).name, fontSize, isWide ? 184 : 86)),
    },
    height: rows * ROW + 56,
    padding: [22, isWide ? 104 : 12, 0, 0],
    draw: (plot) => drawMarks(plot, spec, transports, theme, baseOf, isWide),
    valueAt: (series, index) => percentText(spec.series[series]?.values[index] ?? 0),
  };
}

/** A value holds from its bound to the next. */
function stepped(): { paths: uPlot.Series.PathBuilder } | Record<string, never> {
  const paths = uPlot.paths.stepped?.({ align: 1 });
  return paths ? { paths } : {};
}

/** The medians as short lines, and both percentiles in figures beside the rows. */
function drawMarks(
  plot: uPlot,
  spec: ChartSpec,
  transports: readonly TransportStyle[],
  theme: Theme,
  baseOf: (row: number) => number,
  isWide: boolean,
): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.lineCap = 'butt';
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'right';
  spec.series.forEach(({ marks, transport }, row) => {
    if (!marks) return;
    const x = plot.valToPos(marks.p50, 'x', true);
    const bottom = plot.valToPos(baseOf(row), 'y', true);
    const style = transports[transport];
    if (x >= bbox.left && x <= right) {
      ctx.strokeStyle = theme.text;
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.moveTo(x, bottom);
      ctx.lineTo(x, plot.valToPos(baseOf(row) + PEAK + 0.06, 'y', true));
      ctx.stroke();
    }
    if (!isWide) return;
    ctx.fillStyle = theme.text;
    ctx.font = `${style?.isOurs ? 600 : 400} ${12 * ratio}px ${FONT}`;
    const y = plot.valToPos(baseOf(row) + 0.3, 'y', true);
    ctx.fillText(digits(marks.p50), right + 44 * ratio, y);
    ctx.fillStyle = theme.muted;
    ctx.fillText(digits(marks.p99), right + 98 * ratio, y);
  });
  if (isWide) {
    ctx.fillStyle = theme.muted;
    ctx.font = `${11 * ratio}px ${FONT}`;
    ctx.fillText('p50 µs', right + 44 * ratio, bbox.top - 10 * ratio);
    ctx.fillText('p99', right + 98 * ratio, bbox.top - 10 * ratio);
  }
  ctx.restore();
}

/** As much of a name as fits so many pixels. */
function shortened(context: CanvasRenderingContext2D, text: string, fontSize: number, width: number): string {
  context.save();
  context.font = `${fontSize}px ${FONT}`;
  let end = text.length;
  const part = () => (end === text.length ? text : `${text.slice(0, end)}…`);
  while (end > 1 && context.measureText(part()).width > width) end--;
  context.restore();
  return part();
}

/** How a line of a transport looks in a chart of lines. */
export function lineOf(style: TransportStyle, theme: Theme): uPlot.Series {
  const dash = DASHES[style.dash] ?? [];
  return {
    label: style.name,
    scale: 'y',
    stroke: theme.colorOf(style),
    width: style.isOurs ? 3 : 1.6,
    ...(dash.length > 0 ? { dash: [...dash] } : {}),
  };
}
