/** The stream of transitions. */
import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../src/supervisor/index.js';
import { Bench, SERVICE } from './bench.js';

async function all(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const read: JobEvent[] = [];
  for await (const event of events) read.push(event);
  return read;
}

describe('events', () => {
  it('tells the life of a job in order, and ends with the supervisor', async () => {
    await using bench = await Bench.start();
    const reading = all(bench.supervisor.events());
    const target = await bench.load();
    await bench.connect().request({ n: 1 });
    await bench.advance(1_000);
    await bench.end(3);
    const reply = bench.connect().request({ n: 2 });
    await bench.settled();
    await bench.advance(9_000);
    await reply;
    await bench.advance(1_000);
    await bench.supervisor.bootout(target);
    await bench.supervisor.stop();
    const events = await reading;
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['loaded', 'spawned', 'checked in', 'exited', 'throttled', 'spawned', 'checked in'],
      ...['exiting', 'exited', 'removed'],
    ]);
    expect(events[2]).toMatchObject({ service: SERVICE });
    expect(events[3]).toMatchObject({ exit: { kind: 'exited', code: 3 }, checkedIn: [SERVICE] });
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
    expect(events.every((event, n) => n === 0 || event.time >= (events[n - 1]?.time ?? 0))).toBe(true);
  });

  it('drops the oldest when nobody reads, and says how many', async () => {
    await using bench = await Bench.start();
    const slow = bench.supervisor.events({ bufferSize: 2 });
    const target = await bench.load({ RunAtLoad: true });
    await bench.supervisor.bootout(target);
    await bench.supervisor.stop();
    const events = await all(slow);
    expect(events.map(({ kind }) => kind)).toEqual(['dropped', 'exited', 'removed']);
    expect(events[0]).toMatchObject({ count: 3 });
  });

  it('ends when the signal aborts, and when its reader leaves', async () => {
    await using bench = await Bench.start();
    const controller = new AbortController();
    const reading = all(bench.supervisor.events({ signal: controller.signal }));
    controller.abort();
    expect(await reading).toEqual([]);
    expect(await all(bench.supervisor.events({ signal: AbortSignal.abort() }))).toEqual([]);
    await bench.load();
    const events = bench.supervisor.events();
    await bench.supervisor.disable('user/1/x').catch(() => {});
    await events.return?.();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('refuses a buffer that holds nothing', async () => {
    await using bench = await Bench.start();
    for (const bufferSize of [0, -1, 1.5]) {
      expect(() => bench.supervisor.events({ bufferSize })).toThrow(RangeError);
    }
  });
});
