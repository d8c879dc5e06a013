/** Sorts the series of a report into sections, and each section into distributions, curves and bars. */
import type { Placement, Series, Unit } from '../model.js';

/** Distributions of one workload: one list of transports for each placement. */
export interface LatencyGroup {
  readonly title: string;
  readonly placements: readonly { readonly placement: Placement; readonly series: readonly Series[] }[];
}

/** One workload over many payloads. */
export interface CurveGroup {
  readonly title: string;
  readonly placement: Placement;
  readonly unit: Unit;
  readonly series: readonly Series[];
}

/** One workload at one size, over the transports. */
export interface BarGroup {
  readonly title: string;
  readonly placement: Placement;
  readonly unit: Unit;
  readonly series: readonly Series[];
}

/** A part of the page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly lead: string;
  readonly latencies: readonly LatencyGroup[];
  readonly curves: readonly CurveGroup[];
  readonly bars: readonly BarGroup[];
}

/** From how many payloads on a workload is a curve. */
const CURVE_POINTS = 3;

const SECTIONS: readonly {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly workloads: RegExp;
}[] = [
  {
    id: 'latency',
    title: 'Latency',
    lead: 'One request at a time; the next leaves when the reply is there. Encoding and decoding at both ends are part of it.',
    workloads: /^(latency|round trip)/,
  },
  {
    id: 'throughput',
    title: 'Throughput',
    lead: 'Many requests under way on one connection, a new one for each reply.',
    workloads: /^(in flight|throughput)/,
  },
  {
    id: 'payloads',
    title: 'Payload sizes',
    lead: 'Payloads echoed one after another; bytes count once per echo that is complete.',
    workloads: /^(echo|payload|sweep)/,
  },
  {
    id: 'fan',
    title: 'Fan-in and fan-out',
    lead: 'Several clients of one service, and one client of several services.',
    workloads: /^fan/,
  },
  {
    id: 'connections',
    title: 'Connections',
    lead: 'What many connections cost: setting them up, keeping them, using all at once.',
    workloads: /^(connect|connections|idle conn|memory per|set-up|1,?000 connections)/,
  },
  {
    id: 'queue',
    title: 'Dispatch queue',
    lead: 'The mode in which a queue of its own serves the connections, as on macOS.',
    workloads: /^(dispatch|wake-?up|queue)/,
  },
  {
    id: 'start',
    title: 'Start-up',
    lead: 'From nothing to the first answer, and what the command line and the catalogue of plugins take.',
    workloads: /^(cold|start|cli\b|discover|register|registration|addon|sdk|import|load|plugin|node\b|`)/i,
  },
];
const MORE = { id: 'more', title: 'More', lead: 'What belongs to none of the parts above.' };

/** In the order in which the keys appear. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

const keyOf = (...parts: readonly (string | number | undefined)[]) => JSON.stringify(parts);

/** The sections that have anything, in their order. */
export function sectionsOf(
  series: readonly Series[],
  titleOf: (series: Series) => string,
): readonly Section[] {
  const sectionOf = ({ workload }: Series) =>
    SECTIONS.find(({ workloads }) => workloads.test(workload))?.id ?? MORE.id;
  return [...SECTIONS, MORE].flatMap(({ id, title, lead }) => {
    const own = series.filter((one) => sectionOf(one) === id);
    return own.length === 0 ? [] : [{ id, title, lead, ...chartsOf(own, titleOf) }];
  });
}

function chartsOf(
  series: readonly Series[],
  titleOf: (series: Series) => string,
): Pick<Section, 'latencies' | 'curves' | 'bars'> {
  const sweeps = groupBy(series, (one) => keyOf(one.workload, one.inFlight, one.placement, one.unit)).filter(
    (group) => payloadsOf(group).length >= CURVE_POINTS,
  );
  const swept = new Set(sweeps.flat());
  const smallest = sweeps.flatMap((group) => {
    const least = Math.min(...payloadsOf(group));
    return group.filter(({ payload }) => payload === least);
  });
  const distributions = series.filter((one) => one.latency && (!swept.has(one) || smallest.includes(one)));
  const rest = series.filter((one) => !swept.has(one) && !one.latency);
  const first = (group: readonly Series[]) => group[0] as Series;
  return {
    latencies: groupBy(distributions, (one) => keyOf(one.workload, one.payload, one.inFlight)).map(
      (group) => ({
        title: titleOf(first(group)),
        placements: groupBy(group, ({ placement }) => placement).map((own) => ({
          placement: first(own).placement,
          series: own,
        })),
      }),
    ),
    curves: sweeps.map((group) => {
      const { payload: _, ...one } = first(group);
      return { title: titleOf(one), placement: one.placement, unit: one.unit, series: group };
    }),
    bars: groupBy(rest, (one) => keyOf(one.workload, one.payload, one.inFlight, one.placement, one.unit)).map(
      (group) => ({
        title: titleOf(first(group)),
        placement: first(group).placement,
        unit: first(group).unit,
        series: group,
      }),
    ),
  };
}

/** The payloads of a sweep, ascending. */
export function payloadsOf(series: readonly Series[]): readonly number[] {
  const payloads = series.flatMap(({ payload }) => (payload === undefined ? [] : [payload]));
  return [...new Set(payloads)].sort((a, b) => a - b);
}
