/** Waits end: deadlines, aborts, and bounds on what may be under way. */
import { describe, expect, it } from 'vitest';
import { FlowControl } from '../../src/xpc/flow-control.js';
import { fileDescriptor, type XpcConnection, type XpcDictionary } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

const echo = () => ({ request: (message: XpcDictionary) => message });

/** A service that answers when told to. */
function holding(): { pair: Pair; answer: () => void } {
  const gate = deferred();
  const pair = new Pair().serve(() => ({
    request: async (message) => {
      if (message.hold === true) await gate.promise;
      return message;
    },
  }));
  return { pair, answer: gate.resolve };
}

describe('a deadline', () => {
  it('fails the request; the late reply is swallowed and reaches nobody else', async () => {
    const { pair, answer } = holding();
    await using _ = pair;
    const connection = pair.connect();
    const error = await rejectionOf(connection.request({ hold: true, n: 1n }, { timeout: 5 }));
    expect(error.code).toBe('ERR_XPC_TIMEOUT');
    expect(error.details).toMatchObject({ service: 'com.example.echo', timeout: 5 });
    const next = connection.request({ n: 2n });
    answer();
    expect((await next).n).toBe(2n);
    await pair.world.settled();
    expect((await connection.request({ n: 3n })).n).toBe(3n);
  });

  it('of the connection holds for requests without their own', async () => {
    const { pair } = holding();
    await using _ = pair;
    const error = await rejectionOf(pair.connect({ timeout: 5 }).request({ hold: true }));
    expect(error.details.timeout).toBe(5);
  });

  it('of zero fails at the next turn, not at once', async () => {
    const { pair } = holding();
    await using _ = pair;
    expect((await rejectionOf(pair.connect().request({ hold: true }, { timeout: 0 }))).code).toBe(
      'ERR_XPC_TIMEOUT',
    );
  });

  it('must make sense for a connection', async () => {
    await using pair = new Pair();
    expect(() => pair.connect({ timeout: 0 })).toThrow(RangeError);
    expect(() => pair.connect({ maxPending: Number.NaN })).toThrow(RangeError);
  });
});

describe('an abort', () => {
  it('before the request sends nothing', async () => {
    await using pair = new Pair().serve(echo);
    const signal = AbortSignal.abort('why');
    const error = await rejectionOf(pair.connect().request({}, { signal }));
    expect([error.code, error.cause]).toEqual(['ERR_ABORTED', 'why']);
    await pair.world.settled();
    expect(pair.server.statistics().messagesReceived).toBe(0);
  });

  it('during the request fails it at once; the late reply is swallowed', async () => {
    const { pair, answer } = holding();
    await using _ = pair;
    const connection = pair.connect();
    const controller = new AbortController();
    const lost = rejectionOf(connection.request({ hold: true }, { signal: controller.signal }));
    controller.abort();
    expect((await lost).code).toBe('ERR_ABORTED');
    answer();
    expect((await connection.request({ n: 1n })).n).toBe(1n);
  });

  it('after the reply changes nothing', async () => {
    await using pair = new Pair().serve(echo);
    const controller = new AbortController();
    const reply = await pair.connect().request({ n: 1n }, { signal: controller.signal });
    controller.abort();
    expect(reply.n).toBe(1n);
  });
});

describe('maxPending', () => {
  it('bounds requests without an answer, and frees a place with each answer', async () => {
    const { pair, answer } = holding();
    await using _ = pair;
    const connection = pair.connect({ maxPending: 2 });
    const held = [connection.request({ hold: true }), connection.request({ hold: true })];
    const error = await rejectionOf(connection.request({}));
    expect(error.code).toBe('ERR_XPC_QUEUE_FULL');
    expect(error.message).toContain('2 requests');
    answer();
    await Promise.all(held);
    expect({ ...(await connection.request({ n: 1n })) }).toEqual({ n: 1n });
  });

  it('counts requests that timed out until they are answered', async () => {
    const { pair, answer } = holding();
    await using _ = pair;
    const connection = pair.connect({ maxPending: 1 });
    await rejectionOf(connection.request({ hold: true }, { timeout: 5 }));
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_QUEUE_FULL');
    answer();
    await pair.world.settled();
    expect({ ...(await connection.request({ n: 1n })) }).toEqual({ n: 1n });
  });
});

describe('flow control', () => {
  const limits = { bufferBytes: 8192, socketBytes: 4096, highWaterBytes: 16_384, lowWaterBytes: 4096 };
  const block = { data: new Uint8Array(2048) };

  /** A connection to a service that nobody runs yet, so that everything queues, filled until it takes no more. */
  async function congested(pair: Pair): Promise<{ connection: XpcConnection; sent: number }> {
    const connection = pair.connect();
    for (let sent = 0; sent < 1000; sent++) {
      try {
        connection.send(block);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_XPC_QUEUE_FULL' });
        return { connection, sent };
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error('it took everything');
  }

  it('refuses one-way messages while the reader is slow, and loses none of those it took', async () => {
    await using pair = new Pair(limits);
    const { connection, sent } = await congested(pair);
    let received = 0;
    pair.serve(() => ({ message: () => void received++ }));
    await connection.drained();
    connection.send(block);
    await pair.world.settled();
    expect(received).toBe(sent + 1);
  });

  it('lets a sender in a loop wait, so that nothing is refused', async () => {
    let received = 0;
    await using pair = new Pair(limits).serve(() => ({ message: () => void received++ }));
    const connection = pair.connect();
    for (let i = 0; i < 2000; i++) {
      await connection.drained();
      connection.send(block);
    }
    await connection.drained();
    await pair.world.settled();
    expect(received).toBe(2000);
    expect(pair.log.text).toBe('');
  });

  it('ends the wait at its deadline, at an abort and with the connection', async () => {
    await using pair = new Pair(limits);
    const { connection } = await congested(pair);
    expect((await rejectionOf(connection.drained({ timeout: 5 }))).code).toBe('ERR_XPC_TIMEOUT');
    expect((await rejectionOf(connection.drained({ signal: AbortSignal.abort() }))).code).toBe('ERR_ABORTED');
    const controller = new AbortController();
    const aborted = rejectionOf(connection.drained({ signal: controller.signal }));
    controller.abort();
    expect((await aborted).code).toBe('ERR_ABORTED');
    const ended = rejectionOf(connection.drained());
    connection.cancel();
    expect((await ended).code).toBe('ERR_XPC_INVALID');
  });

  it('flushed waits until the system has everything, however little it is', async () => {
    let received = 0;
    await using pair = new Pair(limits);
    const connection = pair.connect();
    // More than the socket holds, and no congestion.
    for (let i = 0; i < 4; i++) connection.send(block);
    await connection.drained();
    const waits = [connection.flushed(), connection.flushed()];
    expect((await rejectionOf(connection.flushed({ timeout: 5 }))).code).toBe('ERR_XPC_TIMEOUT');
    expect((await rejectionOf(connection.flushed({ signal: AbortSignal.abort() }))).code).toBe('ERR_ABORTED');
    pair.serve(() => ({ message: () => void received++ }));
    await Promise.all(waits);
    await connection.flushed();
    pair.world.kill(200_001);
    await pair.world.settled();
    expect(received).toBe(4);
  });

  it('flushed ends with the connection', async () => {
    await using pair = new Pair(limits);
    const connection = pair.connect();
    for (let i = 0; i < 4; i++) connection.send(block);
    const waits = [rejectionOf(connection.flushed()), rejectionOf(connection.flushed())];
    connection.cancel();
    expect((await Promise.all(waits)).map(({ code }) => code)).toEqual([
      'ERR_XPC_INVALID',
      'ERR_XPC_INVALID',
    ]);
  });

  it('forgets a wait that was given up, whatever the reader does', async () => {
    const flow = new FlowControl('x');
    flow.setCongested(true);
    const controller = new AbortController();
    const wait = flow.drained(controller.signal);
    controller.abort();
    await wait;
    expect(flow.isIdle).toBe(false);
  });

  it('takes no more than 32 MiB one-way in a turn', async () => {
    await using pair = new Pair().serve(echo);
    const connection = pair.connect();
    const data = new Uint8Array(16 * 1024 * 1024);
    connection.send({ data });
    connection.send({ data });
    expect(thrownBy(() => connection.send({})).code).toBe('ERR_XPC_QUEUE_FULL');
    await connection.drained();
    connection.send({});
  });

  it('takes no more than 512 descriptors one-way in a turn, for the process has few', async () => {
    let received = 0;
    await using pair = new Pair().serve(() => ({ message: () => void received++ }));
    const connection = pair.connect();
    const message = { fd: fileDescriptor(pair.file('x')) };
    let sent = 0;
    const error = thrownBy(() => {
      for (; sent < 1000; sent++) connection.send(message);
    });
    expect([error.code, sent]).toEqual(['ERR_XPC_QUEUE_FULL', 512]);
    for (; sent < 1000; sent++) {
      await connection.drained();
      connection.send(message);
    }
    await pair.world.settled();
    expect(received).toBe(1000);
  });

  it('tells of a request that the full queue did not take', async () => {
    await using pair = new Pair({ ...limits, maxQueueBytes: 20_000 });
    const connection = pair.connect();
    const failures = await Promise.all(
      Array.from({ length: 20 }, () => rejectionOf(connection.request(block, { timeout: 50 }))),
    );
    const codes = new Set(failures.map(({ code }) => code));
    expect(codes).toEqual(new Set(['ERR_XPC_TIMEOUT', 'ERR_XPC_QUEUE_FULL']));
  });
});
