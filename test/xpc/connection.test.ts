/** Messages and requests over the mock binding, and what is wrong with some of them. */
import { describe, expect, it } from 'vitest';
import type { XpcConnection, XpcDictionary } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

const echo = () => ({ request: (message: XpcDictionary) => message });

describe('messages', () => {
  it('a request gets its reply', async () => {
    await using pair = new Pair().serve(() => ({ request: ({ n }) => ({ double: (n as bigint) * 2n }) }));
    const connection = pair.connect();
    const replies = await Promise.all([1n, 2n, 3n].map((n) => connection.request({ n })));
    expect(replies.map(({ double }) => double)).toEqual([2n, 4n, 6n]);
  });

  it('of a lazy connection contact the service, and making it does not', async () => {
    let accepted = 0;
    await using pair = new Pair().serve(() => {
      accepted++;
      return echo();
    });
    const lazy = pair.connect({ isLazy: true });
    const unused = pair.connect({ isLazy: true });
    await pair.connect().request({});
    expect(accepted).toBe(1);
    expect(await lazy.request({ n: 1n })).toEqual({ n: 1n });
    expect(accepted).toBe(2);
    unused.cancel();
    await unused.closed;
    expect((await rejectionOf(unused.request({}))).code).toBe('ERR_XPC_INVALID');
    expect(accepted).toBe(2);
  });

  it('a reply can come later, and in another order', async () => {
    const slow = deferred();
    await using pair = new Pair().serve(() => ({
      request: async ({ wait }) => {
        if (wait === true) await slow.promise;
        return { wait: wait as boolean };
      },
    }));
    const connection = pair.connect();
    const first = connection.request({ wait: true });
    expect((await connection.request({ wait: false })).wait).toBe(false);
    slow.resolve();
    expect((await first).wait).toBe(true);
  });

  it('arrive in the order sent, one-way or not, small or large', async () => {
    const seen: bigint[] = [];
    const note = (message: XpcDictionary) => void seen.push(message.n as bigint);
    await using pair = new Pair({ bufferBytes: 4096 }).serve(() => ({
      message: note,
      request: (message) => {
        note(message);
        return {};
      },
    }));
    const connection = pair.connect();
    const requests: Promise<XpcDictionary>[] = [];
    for (let n = 0n; n < 300n; n++) {
      const message = { n, data: new Uint8Array(n % 50n === 7n ? 20_000 : Number(n % 7n) * 100) };
      if (n % 3n === 0n) requests.push(connection.request(message));
      else connection.send(message);
    }
    await Promise.all(requests);
    await pair.world.settled();
    expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => BigInt(i)));
  });

  it('larger than the outbox and the inbox go both ways, whole and unshared', async () => {
    await using pair = new Pair({ bufferBytes: 4096 }).serve(echo);
    const connection = pair.connect();
    const bodies = [5_000, 1_000_000, 4_100, 3_000].map((size, i) => new Uint8Array(size).fill(i + 1));
    const replies = await Promise.all(bodies.map((data) => connection.request({ data })));
    replies.forEach(({ data }, i) => {
      expect(Buffer.compare(data as Uint8Array, bodies[i] as Uint8Array)).toBe(0);
    });
  });

  it('are encoded when sent: later changes do not matter', async () => {
    await using pair = new Pair().serve(echo);
    const message = { list: [1n], data: Uint8Array.of(1) };
    const reply = pair.connect().request(message);
    message.list.push(2n);
    message.data[0] = 9;
    expect({ ...(await reply) }).toStrictEqual({ list: [1n], data: Uint8Array.of(1) });
  });

  it('go from the service to its client too', async () => {
    const accepted = deferred<XpcConnection>();
    const seen = deferred<XpcDictionary>();
    await using pair = new Pair().serve((peer) => {
      accepted.resolve(peer);
      return {};
    });
    const handlers = { request: () => ({ from: 'client' }), message: seen.resolve };
    pair.connect({ handlers }).send({ hello: true });
    const peer = await accepted.promise;
    expect((await peer.request({})).from).toBe('client');
    peer.send({ news: 1n });
    expect((await seen.promise).news).toBe(1n);
  });

  it('that cannot be encoded fail at once and leave nothing behind', async () => {
    await using pair = new Pair().serve(echo);
    const connection = pair.connect({ maxPending: 1 });
    expect(thrownBy(() => connection.send({ n: 2n ** 63n })).code).toBe('ERR_XPC_VALUE');
    expect((await rejectionOf(connection.request({ n: 'a\0' }))).code).toBe('ERR_XPC_VALUE');
    await expect(connection.request(undefined as never)).rejects.toThrow(TypeError);
    await expect(connection.request({}, { timeout: Number.NaN })).rejects.toThrow(RangeError);
    expect({ ...(await connection.request({ ok: true })) }).toEqual({ ok: true });
  });

  it('longer than any transport takes are refused before they are encoded', async () => {
    await using pair = new Pair().serve(echo);
    const connection = pair.connect();
    const half = new Uint8Array(33 * 1024 * 1024);
    const error = thrownBy(() => connection.send({ half, again: half }));
    expect(error.code).toBe('ERR_XPC_MESSAGE_TOO_LARGE');
    expect((await rejectionOf(connection.request({ half, again: half }))).code).toBe(
      'ERR_XPC_MESSAGE_TOO_LARGE',
    );
  });

  it('that the transport finds too large fail the request, and are logged when one-way', async () => {
    await using pair = new Pair({ maxMessageBytes: 1000 }).serve(echo);
    const connection = pair.connect();
    connection.send({ data: new Uint8Array(2000) });
    const error = await rejectionOf(connection.request({ data: new Uint8Array(2000) }));
    expect(error.code).toBe('ERR_XPC_MESSAGE_TOO_LARGE');
    expect(pair.log.text).toContain('a message was dropped');
  });
});
