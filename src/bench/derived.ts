/** Ratios of series, round by round: what was measured in the same minute is compared. */
import { DISPATCH_QUEUE, FLOOR, LAUNCHPORT } from './contender-names.js';
import type { Series } from './model.js';
import { IN_FLIGHT, SMALL_PAYLOAD } from './plan.js';
import { medianOf } from './quantiles.js';

/** The throughput of many connections with one request each, to that of one with many. */
export const MANY_TO_ONE = 'connections / one connection';
/** A round trip by dispatch queues at both ends, to one without. */
export const QUEUE_TO_DIRECT = 'latency / direct latency';
/** How the time of discovery grows with ten times as many bundles: ten times is linear. */
export const DISCOVERY_GROWTH = 'discovery, 10000 bundles / 1000 bundles';

/** The ratios with a series above the line, as far as the other side is there. */
export function ratiosOf(above: Series, series: readonly Series[]): readonly Series[] {
  const { transport, placement } = above;
  const find = (wanted: Partial<Series>) =>
    series.find((other) => matches(other, { placement, payload: SMALL_PAYLOAD, ...wanted }));
  switch (above.workload) {
    case 'latency p99':
      // A peer that is slow throughout would be the best.
      return transport === LAUNCHPORT || transport === FLOOR
        ? ratio(above, find({ workload: 'latency', transport }), 'latency p99 / p50')
        : [];
    case 'connections':
      return ratio(above, find({ workload: 'in flight', transport, inFlight: IN_FLIGHT }), MANY_TO_ONE);
    case 'latency':
      return transport === DISPATCH_QUEUE
        ? ratio(above, find({ workload: 'latency', transport: LAUNCHPORT }), QUEUE_TO_DIRECT)
        : [];
    case 'discovery, 10000 bundles':
      return ratio(
        above,
        series.find((other) => other.workload === 'discovery, 1000 bundles' && other.transport === transport),
        DISCOVERY_GROWTH,
      );
    default:
      return [];
  }
}

function matches(series: Series, wanted: Partial<Series>): boolean {
  return (Object.keys(wanted) as (keyof Series)[]).every((key) => series[key] === wanted[key]);
}

function ratio(above: Series, below: Series | undefined, workload: string): readonly Series[] {
  if (below === undefined) return [];
  // A side that failed in some round has fewer of them, and nobody knows which.
  const isWhole = above.rounds.length === below.rounds.length;
  const rounds = isWhole
    ? above.rounds.map((value, round) => value / (below.rounds[round] as number))
    : [above.median / below.median];
  const { latency: _, ...rest } = above;
  return [{ ...rest, workload, unit: 'ratio', rounds, median: medianOf(rounds) }];
}
