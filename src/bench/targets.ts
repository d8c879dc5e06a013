/** What the project aims at, as data: for rows of launchport, limits on the value or on a ratio in the same run. */
import { DISPATCH_QUEUE, LAUNCHPORT } from './contender-names.js';
import { DISCOVERY_GROWTH, MANY_TO_ONE, QUEUE_TO_DIRECT } from './derived.js';
import type { BenchRow, Placement } from './model.js';

/** One limit. */
export interface Limit {
  /** What is compared: the row's value, or its ratio to the floor or to the best peer. */
  readonly of: 'value' | 'floor' | 'best peer';
  readonly comparison: '≤' | '≥';
  readonly limit: number;
}

/** Limits for one row. */
export interface Target {
  readonly workload: string;
  readonly payload?: number;
  readonly inFlight?: number;
  /** Absent: both ends at one core, or wherever the system puts them where nothing is pinned, or it does not matter. */
  readonly placement?: Placement;
  /** Default launchport. */
  readonly transport?: string;
  readonly limits: readonly Limit[];
}

const atMost = (limit: number, of: Limit['of'] = 'value'): Limit => ({ of, comparison: '≤', limit });
const atLeast = (limit: number, of: Limit['of'] = 'value'): Limit => ({ of, comparison: '≥', limit });

const MIB = 2 ** 20;

/** All targets. */
export const TARGETS: readonly Target[] = [
  { workload: 'latency', payload: 64, limits: [atMost(2.5, 'floor'), atMost(0.6, 'best peer')] },
  { workload: 'latency p99 / p50', payload: 64, limits: [atMost(2)] },
  { workload: 'latency', payload: 64, placement: 'split cores', limits: [atMost(1.15, 'floor')] },
  { workload: 'in flight', payload: 64, inFlight: 64, limits: [atLeast(2.5, 'best peer')] },
  { workload: 'in flight', payload: 4096, inFlight: 64, limits: [atLeast(2.5, 'best peer')] },
  { workload: 'echo', payload: MIB, limits: [atLeast(2.5, 'best peer'), atLeast(0.5, 'floor')] },
  { workload: 'echo', payload: 16 * MIB, limits: [atLeast(1.5, 'best peer')] },
  { workload: MANY_TO_ONE, limits: [atLeast(0.8)] },
  { workload: 'idle connection, client', limits: [atMost(16)] },
  { workload: 'idle connection, server', limits: [atMost(16)] },
  { workload: QUEUE_TO_DIRECT, transport: DISPATCH_QUEUE, limits: [atMost(1.6)] },
  { workload: 'in flight: wake-ups per message', transport: DISPATCH_QUEUE, limits: [atMost(0.1)] },
  { workload: 'cold start', limits: [atMost(1.15, 'floor')] },
  { workload: 'cli --version', limits: [atMost(1.3, 'floor')] },
  { workload: 'cli plugin list, 100 bundles', limits: [atMost(1.8, 'floor')] },
  { workload: 'addon load', limits: [atMost(3)] },
  { workload: 'discovery, 1000 bundles', limits: [atMost(150)] },
  { workload: DISCOVERY_GROWTH, limits: [atMost(12)] },
  { workload: 'registration, 100 plugins', limits: [atMost(150)] },
  { workload: 'registration: descriptors per idle service', limits: [atMost(1)] },
];

/** The target of a row; undefined where the project aims at nothing. */
export function targetOf(row: {
  readonly workload: string;
  readonly payload?: number;
  readonly inFlight?: number;
  readonly placement: Placement;
  readonly transport: string;
}): Target | undefined {
  return TARGETS.find(
    (target) =>
      target.workload === row.workload &&
      (target.payload ?? row.payload) === row.payload &&
      (target.inFlight ?? row.inFlight) === row.inFlight &&
      (target.transport ?? LAUNCHPORT) === row.transport &&
      (target.placement === undefined ? row.placement !== 'split cores' : target.placement === row.placement),
  );
}

/** As the table has it: `≤ 2.5 × floor, ≤ 0.6 × best peer`. */
export function targetText({ limits }: Target): string {
  return limits
    .map(({ of, comparison, limit }) => `${comparison} ${limit}${of === 'value' ? '' : ` × ${of}`}`)
    .join(', ');
}

/** Whether all limits hold; null when that cannot be told. */
export function isReached(
  { limits }: Target,
  row: Pick<BenchRow, 'value' | 'ratioToFloor' | 'ratioToBestPeer'>,
): boolean | null {
  const results = limits.map(({ of, comparison, limit }) => {
    const measured = of === 'value' ? row.value : of === 'floor' ? row.ratioToFloor : row.ratioToBestPeer;
    if (measured === null) return null;
    return comparison === '≤' ? measured <= limit : measured >= limit;
  });
  return results.includes(false) ? false : results.includes(null) ? null : true;
}
