/** Makes the lines of the table from series: launchport's, with the floor and the best peer of the same work beside them. */
import { FLOOR, isOwn, isPeer, LAUNCHPORT } from './contender-names.js';
import { MANY_TO_ONE, QUEUE_TO_DIRECT, ratiosOf } from './derived.js';
import { type BenchRow, isLessBetter, type Series } from './model.js';
import { sizeText } from './plan.js';
import { comparisonName } from './series.js';
import { isReached, targetOf, targetText } from './targets.js';

/** The rows of all series, ratios behind what they are made of. */
export function makeRows(measured: readonly Series[]): readonly BenchRow[] {
  const series = measured.flatMap((each) => [each, ...ratiosOf(each, measured)]);
  return series.filter(({ transport }) => isOwn(transport)).map((own) => makeRow(own, series));
}

function makeRow(own: Series, all: readonly Series[]): BenchRow {
  const same = all.filter((other) => comparisonName(other) === comparisonName(own));
  const floor = same.find(({ transport }) => transport === FLOOR)?.median ?? null;
  const best = bestOf(same.filter(({ transport }) => isPeer(transport)));
  const value = own.median;
  const ratios = {
    ratioToFloor: floor === null ? null : value / floor,
    ratioToBestPeer: best === undefined ? null : value / best.median,
  };
  const target = targetOf(own);
  return {
    name: rowName(own),
    value,
    unit: own.unit,
    floor,
    ratioToFloor: ratios.ratioToFloor,
    bestPeer: best?.median ?? null,
    ratioToBestPeer: ratios.ratioToBestPeer,
    bestPeerName: best?.transport ?? null,
    spread: [Math.min(...own.rounds), Math.max(...own.rounds)],
    target: target === undefined ? null : targetText(target),
    isReached: target === undefined ? null : isReached(target, { value, ...ratios }),
  };
}

function bestOf(peers: readonly Series[]): Series | undefined {
  return peers.reduce<Series | undefined>((best, peer) => {
    if (best === undefined) return peer;
    const isBetter = isLessBetter(peer.unit) ? peer.median < best.median : peer.median > best.median;
    return isBetter ? peer : best;
  }, undefined);
}

/** What a row is called: the work, where its processes ran, and in which way it is launchport. */
export function rowName(
  series: Pick<Series, 'transport' | 'workload' | 'payload' | 'inFlight' | 'placement'>,
): string {
  const { transport, placement } = series;
  const way = transport === LAUNCHPORT ? '' : ` ${transport.slice(LAUNCHPORT.length + 1)}`;
  return `${workName(series)}${placement === 'unpinned' ? '' : `, ${placement}`}${way}`;
}

function workName({
  workload,
  payload = 0,
  inFlight,
}: Pick<Series, 'workload' | 'payload' | 'inFlight'>): string {
  switch (workload) {
    case 'latency':
      return `${sizeText(payload)} request/reply, p50`;
    case 'latency p99':
    case 'latency p99 / p50':
      return `${sizeText(payload)} request/reply, ${workload.slice('latency '.length)}`;
    case QUEUE_TO_DIRECT:
      return `${sizeText(payload)} request/reply, p50 / direct`;
    case 'in flight':
      return `${sizeText(payload)}, ${inFlight} in flight`;
    case 'in flight: wake-ups per message':
      return `${sizeText(payload)}, ${inFlight} in flight: wake-ups per message`;
    case 'echo':
      return `${sizeText(payload)} echo`;
    case 'connections':
      return `${inFlight} connections, each one request in flight`;
    case MANY_TO_ONE:
      return `${inFlight} connections / one connection`;
    default:
      return workload;
  }
}
