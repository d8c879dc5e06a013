/** The loops: what they count, and that nothing passes that was not echoed. */
import { describe, expect, it } from 'vitest';
import { measureConnect, measureIdle } from '../../src/bench/connection-loops.js';
import {
  checkEcho,
  makePayload,
  measureEcho,
  measureInFlight,
  measureLatency,
} from '../../src/bench/loops.js';
import type { Task } from '../../src/bench/task.js';
import type { EchoClient, EchoMessage } from '../../src/bench/transport.js';

const task = (more: Partial<Task> = {}): Task => ({
  work: 'latency',
  payload: 64,
  inFlight: 1,
  connections: 1,
  warmUp: 1,
  duration: 2,
  ...more,
});

/** Echoes in a later turn, and notes what it saw. */
function echoing(change: (message: EchoMessage) => EchoMessage = (message) => message) {
  const seen = { count: 0, most: 0, under: 0, closed: 0 };
  const client: EchoClient = {
    echo: async (message) => {
      seen.count++;
      seen.most = Math.max(seen.most, ++seen.under);
      await new Promise(setImmediate);
      seen.under--;
      return change(message);
    },
    close: async () => {
      seen.closed++;
    },
  };
  return { client, seen };
}

describe('an echo', () => {
  const payload = makePayload(1000);
  const message = { route: 'echo', id: 7, payload, name: 'launchport', flag: true };

  it.each([
    ['another id', { id: 8 }],
    ['another flag', { flag: false }],
    ['fewer bytes', { payload: payload.subarray(1) }],
    ['other bytes', { payload: payload.map((byte) => byte + 1) }],
    ['another end', { payload: payload.with(999, 1 + (payload[999] as number)) }],
    ['another middle', { payload: payload.with(499, 1 + (payload[499] as number)) }],
  ])('with %s is none', (_, changes) => {
    expect(() => checkEcho({ ...message, ...changes }, 7, payload)).toThrow(/7 of 1000 bytes was not echoed/);
  });

  it('with the same is one', () => {
    expect(() => checkEcho({ ...message, payload: payload.slice() }, 7, payload)).not.toThrow();
  });
});

describe('a loop', () => {
  it('with one at a time has one at a time', async () => {
    const { client, seen } = echoing();
    const { value, latency } = await measureLatency(client, task());
    expect(seen.most).toBe(1);
    expect(latency?.count).toBeGreaterThanOrEqual(3);
    expect(value).toBe(latency?.p50);
    expect(value).toBeGreaterThan(0);
  });

  it('with large payloads counts their bytes once, and goes round at least three times', async () => {
    const { client, seen } = echoing();
    const { value } = await measureEcho(client, task({ payload: 2 ** 20, warmUp: 0, duration: 0 }));
    expect(seen).toMatchObject({ count: 4, most: 1 });
    expect(value).toBeGreaterThan(0);
  });

  it('with many in flight has as many as wanted on every connection', async () => {
    const [first, second] = [echoing(), echoing()];
    const { value } = await measureInFlight(
      [first.client, second.client],
      task({ inFlight: 10, connections: 2 }),
    );
    expect(first.seen.most).toBe(5);
    expect(second.seen.most).toBe(5);
    expect(value).toBeGreaterThan(0);
  });

  it('tells wake-ups for each message where they are counted', async () => {
    const { client, seen } = echoing();
    const counting = { ...client, counters: () => ({ messages: seen.count, wakeUps: seen.count / 4 }) };
    const { wakeUpsPerMessage } = await measureInFlight([counting], task({ inFlight: 8 }));
    expect(wakeUpsPerMessage).toBe(0.25);
  });

  it('fails with what fails in it', async () => {
    const { client } = echoing((message) => ({ ...message, id: -1 }));
    await expect(measureLatency(client, task())).rejects.toThrow('was not echoed');
    await expect(measureInFlight([client], task({ inFlight: 4 }))).rejects.toThrow('was not echoed');
  });

  it('over new connections makes them, keeps them and closes them', async () => {
    const { client, seen } = echoing();
    const { value } = await measureConnect(async () => client, task({ work: 'connect', connections: 20 }));
    expect(seen).toMatchObject({ count: 70, closed: 70 });
    expect(value).toBeGreaterThan(0);
  });

  it('over idle connections asks the server for its memory before and after', async () => {
    let bytes = 2 ** 20;
    const { client } = echoing((message) => {
      if (message.route !== 'memory') return message;
      bytes += 20 * 1024;
      return { ...message, name: String(bytes) };
    });
    const { server } = await measureIdle(async () => client, task({ work: 'idle', connections: 10 }));
    expect(server).toBe(2);
    await expect(measureIdle(async () => echoing().client, task({ connections: 1 }))).rejects.toThrow(
      'memory',
    );
  });
});
