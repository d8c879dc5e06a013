/** One chart: its canvas, drawn anew whenever what it shows or where it is shown changes. */
import uPlot from 'uplot';
import { bytes } from '../format.js';
import { cumulative, curves } from './lines.js';
import { type Drawing, ridges } from './ridges.js';
import type { ChartSpec, TransportStyle } from './shapes.js';
import type { Theme } from './theme.js';
import { byteTicks, isNamed, logTicks, timeText } from './ticks.js';

/** What a chart is drawn with. */
export interface View {
  readonly theme: Theme;
  readonly width: number;
  readonly hidden: ReadonlySet<number>;
  readonly isTail: boolean;
}

/** Where the cursor is: the text of the place, and of each transport there; both empty when it has left. */
export type Readout = (place: string, values: ReadonlyMap<number, string>) => void;

function drawingOf(spec: ChartSpec, transports: readonly TransportStyle[], view: View): Drawing {
  if (spec.kind === 'histogram') return ridges(spec, transports, view.theme, view.width);
  if (spec.kind === 'cdf') return cumulative(spec, transports, view.theme, view.isTail);
  return curves(spec, transports, view.theme);
}

/** Draws a chart into an element. Its caller destroys it before drawing another one there. */
export function drawChart(
  element: HTMLElement,
  spec: ChartSpec,
  transports: readonly TransportStyle[],
  view: View,
  readout: Readout,
): uPlot {
  const shown = { ...spec, series: spec.series.filter(({ transport }) => !view.hidden.has(transport)) };
  const drawing = drawingOf(shown, transports, view);
  const { theme } = view;
  const grid = { stroke: theme.grid, width: 1 };
  const common = {
    stroke: theme.muted,
    grid,
    ticks: { ...grid, size: 5 },
    font: '12px system-ui, sans-serif',
    // A logarithmic axis would name nothing but powers of ten.
    filter: (_: uPlot, splits: number[]) => splits,
  };
  const options: uPlot.Options = {
    width: view.width,
    height: drawing.height,
    padding: drawing.padding,
    legend: { show: false },
    scales: {
      x: { time: false, distr: 3, range: (_, min, max) => rangeOf(spec, view.isTail, min, max) },
      y: drawing.yScale,
    },
    axes: [
      { ...common, size: 34, ...xAxis(spec) },
      { ...common, ...drawing.yAxis },
    ],
    series: [{}, ...drawing.series],
    cursor: {
      y: false,
      ...(spec.cursor ? { sync: { key: spec.cursor, scales: ['x', null] as [string, null] } } : {}),
      points: { show: spec.kind !== 'histogram' },
      drag: { x: true, y: false, setScale: true },
      focus: { prox: spec.kind === 'histogram' ? -1 : 24 },
    },
    focus: { alpha: 0.35 },
    hooks: {
      setCursor: [(plot) => tell(plot, shown, drawing, readout)],
      ...(drawing.draw ? { draw: [drawing.draw] } : {}),
    },
  };
  return new uPlot(options, drawing.data, element);
}

/** All of it at first, and what was dragged over afterwards; a double click (which asks for all the data) goes back. */
function rangeOf(spec: ChartSpec, isTail: boolean, min: number | null, max: number | null): [number, number] {
  const isAll = min === null || max === null || (min <= (spec.x[0] ?? 0) && max >= (spec.x.at(-1) ?? 0));
  const whole = isTail ? (spec.xRangeOfTail ?? spec.xRange) : spec.xRange;
  return isAll || max <= min ? [...whole] : [min, max];
}

function xAxis(spec: ChartSpec): uPlot.Axis {
  if (spec.xUnit === 'bytes') {
    return {
      splits: (plot, _, min, max) => byteTicks(min, max, plot.bbox.width / devicePixelRatio / 64),
      values: (_, splits) => splits.map(bytes),
    };
  }
  return {
    splits: (_, __, min, max) => logTicks(min, max),
    values: (plot, splits) => {
      const { min = 1, max = 10 } = plot.scales.x ?? {};
      const decade = plot.bbox.width / devicePixelRatio / Math.log10((max ?? 10) / (min ?? 1));
      return splits.map((split) => (isNamed(split, decade) ? timeText(split) : null));
    },
  };
}

function tell(plot: uPlot, spec: ChartSpec, drawing: Drawing, readout: Readout): void {
  const { idx, left } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) {
    readout('', new Map());
    return;
  }
  const at = spec.x[idx] ?? 0;
  const place =
    spec.kind === 'histogram'
      ? `${timeText(at)} – ${timeText(spec.x[idx + 1] ?? at)}`
      : spec.xUnit === 'bytes'
        ? bytes(at)
        : `within ${timeText(at)}`;
  readout(
    place,
    new Map(spec.series.map(({ transport }, index) => [transport, drawing.valueAt(index, idx)])),
  );
}
