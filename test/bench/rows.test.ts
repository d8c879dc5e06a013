/** Rows: ratios, best peers, targets, and the ratios that are rows of their own. */
import { describe, expect, it } from 'vitest';
import type { BenchRow, Series } from '../../src/bench/index.js';
import { makeRows } from '../../src/bench/rows.js';
import { isReached, TARGETS, targetText } from '../../src/bench/targets.js';
import { makeSeries } from './series.js';

const row = (rows: readonly BenchRow[], name: string) => rows.find((each) => each.name === name);
const latency = (transport: string, rounds: readonly number[], more: Partial<Series> = {}) =>
  makeSeries({ transport, workload: 'latency', payload: 64, unit: 'µs', rounds, ...more });
const flight = (transport: string, rounds: readonly number[], more: Partial<Series> = {}) =>
  makeSeries({
    transport,
    workload: 'in flight',
    payload: 64,
    inFlight: 64,
    unit: 'messages/s',
    rounds,
    ...more,
  });

describe('a row', () => {
  it('compares a time with the floor and with the fastest peer', () => {
    const rows = makeRows([
      latency('launchport', [7, 9, 8]),
      latency('floor', [4, 4, 4]),
      latency('slow', [30, 31, 32]),
      latency('quick', [16, 15, 17]),
    ]);
    expect(rows).toEqual([
      {
        name: '64 B request/reply, p50, same core',
        value: 8,
        unit: 'µs',
        floor: 4,
        ratioToFloor: 2,
        bestPeer: 16,
        ratioToBestPeer: 0.5,
        bestPeerName: 'quick',
        spread: [7, 9],
        target: '≤ 2.5 × floor, ≤ 0.6 × best peer',
        isReached: true,
      },
    ]);
  });

  it('compares a rate with the peer that has the highest', () => {
    const rows = makeRows([flight('launchport', [600]), flight('slow', [100]), flight('quick', [200])]);
    expect(rows).toEqual([
      expect.objectContaining({
        name: '64 B, 64 in flight, same core',
        floor: null,
        ratioToFloor: null,
        bestPeerName: 'quick',
        ratioToBestPeer: 3,
        isReached: true,
      }),
    ]);
  });

  it('compares nothing that did other work', () => {
    const others = [
      latency('floor', [1], { placement: 'split cores' }),
      latency('floor', [1], { payload: 4096 }),
      flight('quick', [1]),
    ];
    const [own] = makeRows([latency('launchport', [8]), ...others]);
    expect(own).toMatchObject({ floor: null, bestPeer: null, bestPeerName: null });
  });

  it('is made for each way of launchport, and for nobody else', () => {
    const rows = makeRows([latency('launchport (typed routes)', [9]), latency('quick', [15])]);
    expect(rows).toEqual([
      expect.objectContaining({
        name: '64 B request/reply, p50, same core (typed routes)',
        bestPeer: 15,
        target: null,
        isReached: null,
      }),
    ]);
  });
});

describe('ratios', () => {
  it('p99 to p50, round by round, with the same of the floor beside it', () => {
    const p99 = (transport: string, rounds: readonly number[]) => ({
      ...latency(transport, rounds),
      workload: 'latency p99',
    });
    const rows = makeRows([
      latency('launchport', [10, 20]),
      p99('launchport', [15, 50]),
      latency('floor', [4, 4]),
      p99('floor', [8, 8]),
    ]);
    expect(rows.map(({ name }) => name)).toEqual([
      '64 B request/reply, p50, same core',
      '64 B request/reply, p99, same core',
      '64 B request/reply, p99 / p50, same core',
    ]);
    expect(rows[2]).toMatchObject({ value: 2, unit: 'ratio', spread: [1.5, 2.5], floor: 2, isReached: true });
  });

  it('many connections to one', () => {
    const many = flight('launchport', [90, 80], { workload: 'connections', inFlight: 1000 });
    const rows = makeRows([flight('launchport', [100, 100]), many]);
    expect(row(rows, '1000 connections / one connection, same core')).toMatchObject({
      value: expect.closeTo(0.85),
      spread: [0.8, 0.9],
      target: '≥ 0.8',
      isReached: true,
    });
  });

  it('by a dispatch queue to without, and of medians when a round is missing', () => {
    const rows = makeRows([latency('launchport', [10]), latency('launchport (dispatch queue)', [16, 18])]);
    expect(row(rows, '64 B request/reply, p50 / direct, same core (dispatch queue)')).toMatchObject({
      value: 1.7,
      target: '≤ 1.6',
      isReached: false,
    });
  });
});

it('discovery grows as the number of bundles does', () => {
  const discovery = (count: number, rounds: readonly number[]) =>
    makeSeries({ workload: `discovery, ${count} bundles`, placement: 'unpinned', unit: 'ms', rounds });
  const rows = makeRows([discovery(1000, [100]), discovery(10_000, [1300])]);
  expect(row(rows, 'discovery, 1000 bundles')).toMatchObject({ target: '≤ 150', isReached: true });
  expect(row(rows, 'discovery, 10000 bundles / 1000 bundles')).toMatchObject({ value: 13, isReached: false });
});

describe('targets', () => {
  const both = TARGETS.find(({ limits }) => limits.length === 2);
  if (both === undefined) throw new Error('no target with two limits');

  it('are reached when all limits hold, missed when one does not, and else cannot be told', () => {
    const reached = (ratioToFloor: number | null, ratioToBestPeer: number | null) =>
      isReached(both, { value: 1, ratioToFloor, ratioToBestPeer });
    expect(targetText(both)).toBe('≤ 2.5 × floor, ≤ 0.6 × best peer');
    expect(reached(2.5, 0.6)).toBe(true);
    expect(reached(2.6, 0.6)).toBe(false);
    expect(reached(2.6, null)).toBe(false);
    expect(reached(2.5, null)).toBeNull();
    expect(reached(null, null)).toBeNull();
  });

  it('hold for unpinned ends what they hold for one core', () => {
    const [own] = makeRows([latency('launchport', [8], { placement: 'unpinned' })]);
    expect(own).toMatchObject({
      name: '64 B request/reply, p50',
      target: '≤ 2.5 × floor, ≤ 0.6 × best peer',
    });
    const [split] = makeRows([latency('launchport', [8], { placement: 'split cores' })]);
    expect(split).toMatchObject({ target: '≤ 1.15 × floor' });
  });
});
