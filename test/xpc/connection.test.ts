/** Connections over the mock binding: messages, requests, and how each of them ends. */
import { describe, expect, it } from 'vitest';
import type { LaunchportError } from '../../src/base/index.js';
import type { XpcConnection, XpcDictionary } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

const echo = () => ({ request: (message: XpcDictionary) => message });
const never = () => new Promise<XpcDictionary>(() => {});

describe('messages', () => {
  it('a request gets its reply', async () => {
    await using pair = new Pair().serve(() => ({ request: ({ n }) => ({ double: (n as bigint) * 2n }) }));
    const connection = pair.connect();
    const replies = await Promise.all([1n, 2n, 3n].map((n) => connection.request({ n })));
    expect(replies.map(({ double }) => double)).toEqual([2n, 4n, 6n]);
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

describe('the other end', () => {
  it('an unknown service is invalid: requests fail, then the connection closes, once', async () => {
    await using pair = new Pair();
    const events: string[] = [];
    const closed = (reason: LaunchportError) => void events.push(`closed ${reason.code}`);
    const connection = pair.connect({ handlers: { closed } }, 'com.example.nobody');
    const error = await rejectionOf(connection.request({}).finally(() => events.push('request')));
    expect(error.code).toBe('ERR_XPC_INVALID');
    expect(error.hint).toContain('registered');
    expect(error.message).toContain('com.example.nobody');
    await connection.closed;
    expect(events.sort()).toEqual(['closed ERR_XPC_INVALID', 'request']);
    expect(connection.isClosed).toBe(true);
    expect(thrownBy(() => connection.send({})).code).toBe('ERR_XPC_INVALID');
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INVALID');
  });

  it('a service that dies interrupts; the same connection reaches its successor', async () => {
    await using pair = new Pair().serve(() => ({ request: never }));
    let interrupted = 0;
    const connection = pair.connect({ handlers: { interrupted: () => interrupted++ } });
    const lost = rejectionOf(connection.request({ n: 1n }));
    await pair.world.settled();
    pair.killServer();
    const error = await lost;
    expect(error.code).toBe('ERR_XPC_INTERRUPTED');
    expect(error.hint).toContain('send again');
    await pair.world.settled();
    expect(interrupted).toBe(1);
    expect(connection.isClosed).toBe(false);
    pair.serve(echo);
    expect({ ...(await connection.request({ n: 2n })) }).toEqual({ n: 2n });
  });

  it('the service sees its client go as the end of the connection', async () => {
    const reason = deferred<LaunchportError>();
    await using pair = new Pair().serve(() => ({ ...echo(), closed: reason.resolve }));
    const connection = pair.connect();
    await connection.request({});
    connection.cancel();
    expect((await reason.promise).code).toBe('ERR_XPC_INVALID');
  });

  it('credentials are unknown before contact and the kernel’s after', async () => {
    const accepted = deferred<XpcConnection>();
    await using pair = new Pair().serve((peer) => {
      accepted.resolve(peer);
      return echo();
    });
    const connection = pair.connect();
    expect(connection.credentials.pid).toBe(-1);
    await connection.request({});
    expect(connection.credentials.pid).toBe(pair.serverPid);
    expect((await accepted.promise).credentials.pid).toBe(200_001);
    expect([connection.service, (await accepted.promise).service]).toEqual([
      'com.example.echo',
      'com.example.echo',
    ]);
  });
});

describe('cancel', () => {
  it('fails what is on its way, says so once, and makes the connection useless', async () => {
    await using pair = new Pair().serve(() => ({ request: never }));
    const reasons: string[] = [];
    const connection = pair.connect({ handlers: { closed: ({ code }) => void reasons.push(code) } });
    const lost = rejectionOf(connection.request({}));
    connection.cancel();
    connection.cancel();
    expect(connection.isClosed).toBe(true);
    expect((await lost).code).toBe('ERR_XPC_CANCELLED');
    await connection.closed;
    connection.cancel();
    expect(reasons).toEqual(['ERR_XPC_CANCELLED']);
    expect(thrownBy(() => connection.send({})).code).toBe('ERR_XPC_INVALID');
  });

  it('comes behind what was sent before it', async () => {
    const seen: unknown[] = [];
    await using pair = new Pair().serve(() => ({ message: ({ n }) => void seen.push(n) }));
    const connection = pair.connect();
    connection.send({ n: 1n });
    await connection.drained();
    await pair.world.settled();
    connection.send({ n: 2n });
    connection.cancel();
    await connection.closed;
    await pair.world.settled();
    expect(seen).toEqual([1n, 2n]);
  });

  it('happens at the end of `await using`', async () => {
    await using pair = new Pair().serve(echo);
    let inside: XpcConnection;
    {
      await using connection = pair.connect();
      inside = connection;
      await connection.request({});
    }
    expect(inside.isClosed).toBe(true);
    expect(pair.client.statistics().connections).toBe(0);
  });

  it('by a handler in the middle of a burst ends the burst for that connection', async () => {
    const seen: unknown[] = [];
    await using pair = new Pair().serve((peer) => ({
      message: ({ n }) => {
        seen.push(n);
        peer.cancel();
      },
      request: echo().request,
    }));
    const connection = pair.connect();
    connection.send({ n: 1n });
    connection.send({ n: 2n });
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INTERRUPTED');
    expect(seen).toEqual([1n]);
    expect(pair.server.statistics().openTokens).toBe(0);
  });
});

describe('a handler that fails', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['returns nothing', () => undefined as never],
    ['returns what cannot be sent', () => ({ boom: 2n ** 64n })],
    ['resolves to what cannot be sent', async () => ({ boom: 'a\0' })],
  ])('because it %s drops the request, which is logged', async (_what, request) => {
    await using pair = new Pair().serve(() => ({ request }));
    const connection = pair.connect();
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INTERRUPTED');
    expect(connection.isClosed).toBe(false);
    expect(pair.server.statistics().openTokens).toBe(0);
    expect(pair.log.entries.length).toBeGreaterThan(0);
  });

  it('for messages is logged, and the next message is handled', async () => {
    await using pair = new Pair().serve(() => ({
      ...echo(),
      message: () => {
        throw new Error('boom');
      },
    }));
    const connection = pair.connect();
    connection.send({});
    connection.send({});
    await connection.request({});
    expect(pair.log.text.match(/message handler failed .*boom/g)).toHaveLength(2);
  });

  it('for the end does not keep others from it', async () => {
    await using pair = new Pair().serve(echo);
    const connection = pair.connect({
      handlers: {
        closed: () => {
          throw new Error('boom');
        },
      },
    });
    connection.cancel();
    await connection.closed;
    expect(pair.log.text).toContain('closed handler failed');
  });

  it('because there is none drops requests and ignores messages', async () => {
    await using pair = new Pair().serve(() => ({}));
    const connection = pair.connect();
    connection.send({});
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INTERRUPTED');
  });
});

describe('request.signal', () => {
  it('aborts when the client goes, and the late reply goes nowhere', async () => {
    const started = deferred<AbortSignal>();
    const finish = deferred();
    await using pair = new Pair().serve(() => ({
      request: async (_message, { signal }) => {
        started.resolve(signal);
        await finish.promise;
        return {};
      },
    }));
    const connection = pair.connect();
    const lost = rejectionOf(connection.request({}));
    const signal = await started.promise;
    expect(signal.aborted).toBe(false);
    connection.cancel();
    await connection.closed;
    await pair.world.settled();
    expect(signal.aborted).toBe(true);
    expect((signal.reason as LaunchportError).code).toBe('ERR_XPC_INVALID');
    finish.resolve();
    expect((await lost).code).toBe('ERR_XPC_CANCELLED');
    await pair.world.settled();
    expect(pair.server.statistics().openTokens).toBe(0);
  });

  it('does not abort for a request that is done', async () => {
    const signals: AbortSignal[] = [];
    await using pair = new Pair().serve(() => ({
      request: (_message, request) => {
        signals.push(request.signal, request.signal);
        return {};
      },
    }));
    const connection = pair.connect();
    await connection.request({});
    connection.cancel();
    await connection.closed;
    await pair.world.settled();
    expect(signals[0]).toBe(signals[1]);
    expect(signals[0]?.aborted).toBe(false);
  });
});
