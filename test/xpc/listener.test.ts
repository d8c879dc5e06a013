/** Listeners over the mock binding: who is let in, how many handlers run, and how a listener ends. */
import { describe, expect, it } from 'vitest';
import { bootstrapPath } from '../../src/native/index.js';
import { type XpcConnection, type XpcDictionary, XpcTransport } from '../../src/xpc/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { deferred, LogBook, Pair, SERVICE } from '../helpers/xpc-pair.js';

const echo = () => ({ request: (message: XpcDictionary) => message });

describe('a client', () => {
  it('is refused when the accept function says nothing, and nothing of it is handled', async () => {
    await using pair = new Pair().serve(() => undefined);
    const error = await rejectionOf(pair.connect().request({}));
    expect(error.code).toBe('ERR_XPC_INTERRUPTED');
    expect(pair.listener.statistics).toEqual({ accepted: 0, refused: 1 });
    await pair.world.settled();
    expect(pair.server.statistics()).toMatchObject({ connections: 0, openTokens: 0 });
  });

  it('is refused when the accept function fails, which is logged', async () => {
    await using pair = new Pair().serve(() => {
      throw new Error('boom');
    });
    await rejectionOf(pair.connect().request({}));
    expect(pair.listener.statistics.refused).toBe(1);
    expect(pair.log.text).toContain('boom');
  });

  it('of another user is refused before its bytes are looked at, and counted', async () => {
    await using pair = new Pair().serve(echo);
    const log = new LogBook();
    const stranger = new XpcTransport(pair.world.binding(300_001, { euid: 54_321 }), { logger: log });
    const connection = stranger.connect(SERVICE, { bootstrap: '/mock/bootstrap' });
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INTERRUPTED');
    expect(pair.listener.statistics).toEqual({ accepted: 0, refused: 1 });
    expect(pair.log.text).toContain('54321');
    await stranger.close();
  });

  it('of another user is let in when the listener says so', async () => {
    await using pair = new Pair().serve(
      (peer) => ({ request: () => ({ euid: BigInt(peer.credentials.euid) }) }),
      {
        requirement: { users: 'any' },
      },
    );
    const stranger = new XpcTransport(pair.world.binding(300_001, { euid: 54_321 }));
    const reply = await stranger.connect(SERVICE, { bootstrap: '/mock/bootstrap' }).request({});
    expect(reply.euid).toBe(54_321n);
    expect(pair.listener.statistics).toEqual({ accepted: 1, refused: 0 });
    await stranger.close();
  });

  it('may be greeted from within the accept function', async () => {
    const seen = deferred<XpcDictionary>();
    await using pair = new Pair().serve((peer) => {
      peer.send({ hello: true });
      return echo();
    });
    pair.connect({ handlers: { message: seen.resolve } }).send({});
    expect((await seen.promise).hello).toBe(true);
  });
});

describe('handlers that run at once', () => {
  /** Runs more requests than may run, over two connections, and tells the most that ran together. */
  async function crowd(maxConcurrent: number, maxWaiting: number, count: number) {
    const release = deferred();
    const order: bigint[] = [];
    let running = 0;
    let most = 0;
    await using pair = new Pair().serve(
      () => ({
        request: async (message) => {
          order.push(message.n as bigint);
          running++;
          most = Math.max(most, running);
          await release.promise;
          running--;
          return message;
        },
      }),
      { maxConcurrent, maxWaiting },
    );
    const connections = [pair.connect(), pair.connect()] as const;
    const outcomes = Array.from({ length: count }, (_, i) =>
      (connections[i % 2] as XpcConnection).request({ n: BigInt(i) }).then(
        () => 'ok',
        ({ code }: { code: string }) => code,
      ),
    );
    await pair.world.settled();
    release.resolve();
    return { most, order, outcomes: await Promise.all(outcomes), log: pair.log.text };
  }

  it('are bounded per listener; the others wait for their turn', async () => {
    const { most, outcomes, order } = await crowd(3, 100, 20);
    expect(most).toBe(3);
    expect(outcomes).toEqual(new Array(20).fill('ok'));
    expect(new Set(order).size).toBe(20);
  });

  it('leave no more waiting than the bound; the rest is dropped and logged', async () => {
    const { outcomes, log } = await crowd(2, 5, 20);
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(7);
    expect(outcomes.filter((outcome) => outcome === 'ERR_XPC_INTERRUPTED')).toHaveLength(13);
    expect(log.match(/too many requests wait/g)).toHaveLength(13);
  });

  it('that wait when their client goes never run', async () => {
    const release = deferred();
    const ran: unknown[] = [];
    await using pair = new Pair().serve(
      () => ({
        request: async (message) => {
          ran.push(message.n);
          await release.promise;
          return message;
        },
      }),
      { maxConcurrent: 1 },
    );
    const [first, second] = [pair.connect(), pair.connect()];
    const reply = first.request({ n: 1n });
    await pair.world.settled();
    const lost = rejectionOf(second.request({ n: 2n }));
    await pair.world.settled();
    second.cancel();
    await lost;
    await pair.world.settled();
    release.resolve();
    await reply;
    expect((await first.request({ n: 3n })).n).toBe(3n);
    expect(ran).toEqual([1n, 3n]);
    expect(pair.server.statistics().openTokens).toBe(0);
  });

  it('must be a positive number', async () => {
    await using pair = new Pair();
    expect(() => pair.serve(echo, { maxConcurrent: 0 })).toThrow(RangeError);
    expect(() => pair.serve(echo, { maxWaiting: Number.NaN })).toThrow(RangeError);
  });
});

describe('the end of a listener', () => {
  it('by cancel has no reason, takes its clients along and is harmless twice', async () => {
    await using pair = new Pair().serve(echo);
    const reasons: string[] = [];
    const connection = pair.connect({ handlers: { interrupted: () => void reasons.push('interrupted') } });
    await connection.request({});
    pair.listener.cancel();
    pair.listener.cancel();
    expect(pair.listener.isActive).toBe(false);
    expect(await pair.listener.closed).toBeUndefined();
    await pair.world.settled();
    expect(reasons).toEqual(['interrupted']);
    expect(pair.server.statistics()).toMatchObject({ listeners: 0, connections: 0 });
  });

  it('without a listener for the name has a reason', async () => {
    await using pair = new Pair();
    const transport = new XpcTransport(pair.world.binding(pair.serverPid));
    const listener = transport.listen(SERVICE, echo);
    expect(listener.service).toBe(SERVICE);
    const reason = await listener.closed;
    expect(reason?.code).toBe('ERR_XPC_INVALID');
    expect(reason?.message).toContain(SERVICE);
    expect(listener.isActive).toBe(false);
    await transport.close();
  });

  it('happens at the end of `await using`', async () => {
    await using pair = new Pair();
    const transport = new XpcTransport(pair.world.binding(pair.serverPid));
    {
      await using listener = transport.listen(SERVICE, echo, { descriptor: pair.descriptor });
      expect(listener.isActive).toBe(true);
    }
    expect(transport.statistics().listeners).toBe(0);
    await transport.close();
  });
});

it('the service is looked up in the bootstrap directory of the process by default', async () => {
  await using pair = new Pair();
  const before = process.env.LAUNCHPORT_BOOTSTRAP;
  process.env.LAUNCHPORT_BOOTSTRAP = '/mock/other';
  try {
    const descriptor = pair.world.createListener(bootstrapPath('/mock/other', SERVICE));
    pair.serve(echo, { descriptor });
    expect({ ...(await pair.client.connect(SERVICE).request({ n: 1n })) }).toEqual({ n: 1n });
  } finally {
    if (before === undefined) delete process.env.LAUNCHPORT_BOOTSTRAP;
    else process.env.LAUNCHPORT_BOOTSTRAP = before;
  }
});
