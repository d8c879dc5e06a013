/** The gate on request handlers: its bounds, turns and evictions; what it does for a listener is tested with listeners. */
import { describe, expect, it } from 'vitest';
import { type GateEntry, type GateLimits, type GatePeer, HandlerGate } from '../../src/xpc/handler-gate.js';

const LIMITS: GateLimits = {
  maxConcurrent: 1,
  maxConcurrentPerPeer: 1,
  maxRunningBytes: 1000,
  maxWaiting: 20_000,
  maxWaitingBytes: 1_000_000,
};

/** What became of entries, in order. */
class Journal {
  readonly ran: string[] = [];
  readonly refused: string[] = [];
  readonly #running: (readonly [GatePeer, GateEntry])[] = [];

  /** Puts a request before the gate; its handler is done when `finish` says so. */
  enter(peer: GatePeer, name: string, byteLength = 1): void {
    const entry: GateEntry = {
      byteLength,
      run: () => {
        this.ran.push(name);
        this.#running.push([peer, entry]);
      },
      refuse: () => void this.refused.push(name),
    };
    peer.enter(entry);
  }

  /** The handlers that ran longest are done. */
  finish(count = 1): void {
    for (const [peer, entry] of this.#running.splice(0, count)) peer.leave(entry);
  }

  get running(): number {
    return this.#running.length;
  }

  /** Lets all that wait run, one after the other. */
  finishAll(): void {
    while (this.#running.length > 0) this.finish();
  }
}

function gateFor(limits: Partial<GateLimits> = {}) {
  const busy: boolean[] = [];
  const gate = new HandlerGate({ ...LIMITS, ...limits }, (isBusy) => busy.push(isBusy));
  return { gate, busy, journal: new Journal(), a: gate.peer(), b: gate.peer(), c: gate.peer() };
}

it('lets ten thousand that are done at once through, one after the other', () => {
  const { gate, a, journal, busy } = gateFor();
  const order: number[] = [];
  journal.enter(a, 'first');
  const peers = [gate.peer(), gate.peer(), gate.peer()];
  for (let i = 0; i < 10_000; i++) {
    const peer = peers[i % 3] as GatePeer;
    const entry: GateEntry = {
      byteLength: 1,
      run: () => {
        order.push(i);
        peer.leave(entry);
      },
      refuse: () => expect.unreachable(),
    };
    peer.enter(entry);
  }
  expect(order).toEqual([]);
  journal.finish();
  expect(order).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  journal.enter(a, 'last');
  expect(journal.ran).toEqual(['first', 'last']);
  journal.finish();
  expect(busy.length % 2).toBe(0);
  expect(busy.at(-1)).toBe(false);
});

describe('running', () => {
  it('is bounded for one peer, and a backlog of one holds up no other', () => {
    const { a, b, journal } = gateFor({ maxConcurrent: 4, maxConcurrentPerPeer: 2 });
    for (const name of ['a1', 'a2', 'a3', 'a4']) journal.enter(a, name);
    expect(journal.ran).toEqual(['a1', 'a2']);
    journal.enter(b, 'b1');
    expect(journal.ran).toEqual(['a1', 'a2', 'b1']);
    journal.finishAll();
    expect(journal.ran).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  });

  it('takes turns: ten that wait of one peer and one of each other peer', () => {
    const { a, b, c, journal } = gateFor({ maxConcurrentPerPeer: 10 });
    for (let i = 0; i < 10; i++) journal.enter(a, `a${i}`);
    journal.enter(b, 'b');
    journal.enter(c, 'c');
    journal.finishAll();
    expect(journal.ran.slice(0, 4)).toEqual(['a0', 'a1', 'b', 'c']);
    expect(journal.ran).toHaveLength(12);
  });

  it('is bounded by bytes, of which one peer gets a quarter', () => {
    const { a, b, c, journal } = gateFor({ maxConcurrent: 100, maxConcurrentPerPeer: 100 });
    for (const name of ['a1', 'a2', 'a3']) journal.enter(a, name, 125);
    expect(journal.ran).toEqual(['a1', 'a2']);
    journal.enter(b, 'b1', 600);
    journal.enter(c, 'c1', 250);
    expect(journal.ran).toEqual(['a1', 'a2', 'b1']);
    journal.finish(2);
    expect(journal.ran).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
  });

  it('lets one alone run that is larger than all may be', () => {
    const { a, b, journal } = gateFor({ maxConcurrent: 10 });
    journal.enter(a, 'huge', 5000);
    journal.enter(b, 'small');
    expect(journal.ran).toEqual(['huge']);
    journal.finish();
    expect(journal.ran).toEqual(['huge', 'small']);
  });

  it('gives a large one its turn before small ones that came later', () => {
    const { a, b, c, journal } = gateFor({ maxConcurrent: 10, maxConcurrentPerPeer: 10 });
    journal.enter(a, 'a1', 600);
    journal.enter(b, 'large', 600);
    for (let i = 0; i < 5; i++) journal.enter(c, `c${i}`, 10);
    expect(journal.ran).toEqual(['a1']);
    journal.finish();
    expect(journal.ran).toEqual(['a1', 'large', 'c0', 'c1', 'c2', 'c3', 'c4']);
  });

  it('tells when it begins and ends, once each', () => {
    const { a, b, journal, busy } = gateFor();
    journal.enter(a, 'a1');
    journal.enter(b, 'b1');
    expect(busy).toEqual([true]);
    journal.finish();
    expect(busy).toEqual([true]);
    journal.finish();
    expect(busy).toEqual([true, false]);
  });
});

describe('waiting', () => {
  it('beyond the bound is refused to whoever has most, the newest first', () => {
    const { a, b, c, journal } = gateFor({ maxWaiting: 4 });
    for (let i = 0; i < 7; i++) journal.enter(a, `a${i}`);
    expect(journal.refused).toEqual(['a5', 'a6']);
    journal.enter(b, 'b0');
    journal.enter(b, 'b1');
    journal.enter(c, 'c0');
    expect(journal.refused).toEqual(['a5', 'a6', 'a4', 'a3', 'a2']);
    journal.finishAll();
    expect(journal.ran.sort()).toEqual(['a0', 'a1', 'b0', 'b1', 'c0']);
  });

  it('is bounded by bytes in the same way', () => {
    const { a, b, journal } = gateFor({ maxWaitingBytes: 100 });
    journal.enter(a, 'a0');
    for (const name of ['a1', 'a2', 'a3']) journal.enter(a, name, 40);
    expect(journal.refused).toEqual(['a3']);
    journal.enter(b, 'b0', 30);
    expect(journal.refused).toEqual(['a3', 'a2']);
    journal.enter(b, 'b1', 101);
    expect(journal.refused).toEqual(['a3', 'a2', 'b1']);
    journal.finishAll();
    expect(journal.ran.sort()).toEqual(['a0', 'a1', 'b0']);
  });

  it('of a peer that is gone ends, and its place is free at once', () => {
    const { a, b, c, journal } = gateFor({ maxConcurrent: 2, maxWaiting: 2, maxRunningBytes: 10 });
    journal.enter(a, 'a0', 10);
    journal.enter(b, 'b0', 5);
    journal.enter(c, 'c0', 0);
    expect(journal.ran).toEqual(['a0']);
    b.clear();
    expect(journal.refused).toEqual(['b0']);
    expect(journal.ran).toEqual(['a0', 'c0']);
    journal.finishAll();
    b.clear();
    journal.enter(b, 'b1');
    expect(journal.ran).toEqual(['a0', 'c0', 'b1']);
  });

  it('may be none at all', () => {
    const { a, journal } = gateFor({ maxWaiting: 0 });
    journal.enter(a, 'a0');
    journal.enter(a, 'a1');
    expect(journal.refused).toEqual(['a1']);
  });
});
