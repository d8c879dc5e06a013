/** Endpoints and shared memory over the mock world. */
import { describe, expect, it } from 'vitest';
import { type XpcDictionary, type XpcEndpoint, XpcSharedMemory } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

describe('an endpoint', () => {
  it('makes a connection to the listener it came from, however it got there', async () => {
    const pair = new Pair();
    await using _ = pair;
    const callbacks = pair.client.listenAnonymous((peer) => ({
      request: ({ n }) => ({ n: n as bigint, from: BigInt(peer.credentials.pid) }),
    }));
    expect(callbacks.service).toBeUndefined();
    const replies: XpcDictionary[] = [];
    pair.serve(() => ({
      request: async ({ callback }) => {
        await using connection = pair.server.connect(callback as XpcEndpoint);
        (callback as XpcEndpoint).release();
        expect(connection.service).toBeUndefined();
        replies.push(await connection.request({ n: 7n }));
        return {};
      },
    }));
    using endpoint = callbacks.endpoint();
    await pair.connect().request({ callback: endpoint });
    expect(replies.map(({ n, from }) => [n, from])).toEqual([[7n, BigInt(pair.serverPid)]]);
    expect(callbacks.statistics).toEqual({ accepted: 1, refused: 0 });
  });

  it('ends with its listener for good: such a connection is invalid, never interrupted', async () => {
    await using pair = new Pair();
    const listener = pair.client.listenAnonymous(() => ({ request: (message) => message }));
    const events: string[] = [];
    const connection = pair.client.connect(listener.endpoint(), {
      handlers: {
        interrupted: () => void events.push('interrupted'),
        closed: ({ code }) => void events.push(code),
      },
    });
    await connection.request({});
    const late = listener.endpoint();
    listener.cancel();
    await connection.closed;
    expect(events).toEqual(['ERR_XPC_INVALID']);
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INVALID');
    expect(thrownBy(() => listener.endpoint()).code).toBe('ERR_XPC_STATE');
    expect((await rejectionOf(pair.client.connect(late).request({}))).code).toBe('ERR_XPC_INVALID');
  });

  it('belongs to its transport, until it is released', async () => {
    await using pair = new Pair().serve(() => ({}));
    const endpoint = pair.listener.endpoint();
    expect(thrownBy(() => pair.client.connect(endpoint)).code).toBe('ERR_XPC_VALUE');
    const error = thrownBy(() => pair.connect().send({ a: [endpoint] }));
    expect([error.code, error.details.path]).toEqual(['ERR_XPC_VALUE', ['a', 0]]);
    expect(pair.server.statistics().rights).toBe(1);
    endpoint.release();
    endpoint.release();
    expect(endpoint.isReleased).toBe(true);
    expect(pair.server.statistics().rights).toBe(0);
    expect(thrownBy(() => pair.server.connect(endpoint)).code).toBe('ERR_XPC_STATE');
  });

  it('is released with its transport', async () => {
    await using pair = new Pair().serve(() => ({}));
    const endpoint = pair.listener.endpoint();
    await pair.server.close();
    expect(endpoint.isReleased).toBe(true);
    expect(thrownBy(() => pair.listener.endpoint()).code).toBe('ERR_XPC_STATE');
  });
});

describe('shared memory', () => {
  it('is the same bytes on both sides', async () => {
    const seen = deferred<XpcSharedMemory>();
    await using pair = new Pair().serve(() => ({ message: ({ memory }) => seen.resolve(memory as never) }));
    using memory = pair.client.createSharedMemory(10_000);
    expect(memory.buffer).toBe(memory.buffer);
    expect([memory.byteLength, memory.buffer.byteLength]).toEqual([10_000, 10_000]);
    new Uint8Array(memory.buffer).set([1, 2, 3], 5000);
    pair.connect().send({ memory });
    const other = await seen.promise;
    expect(other).toBeInstanceOf(XpcSharedMemory);
    expect(other.byteLength).toBe(10_000);
    const view = new Uint8Array(other.buffer);
    expect([...view.subarray(5000, 5003)]).toEqual([1, 2, 3]);
    view[0] = 9;
    expect(new Uint8Array(memory.buffer)[0]).toBe(9);
    other.release();
    expect(other.isReleased).toBe(true);
    expect(thrownBy(() => other.buffer).code).toBe('ERR_XPC_STATE');
    expect(memory.buffer.byteLength).toBe(10_000);
  });

  it('is released once, and its buffer is gone', async () => {
    await using pair = new Pair();
    const memory = pair.client.createSharedMemory(100);
    const { buffer } = memory;
    const view = new Uint8Array(buffer);
    memory.release();
    memory.release();
    expect([buffer.byteLength, view.length, pair.world.openMemories()]).toEqual([0, 0, 0]);
    expect(thrownBy(() => pair.connect().send({ memory })).code).toBe('ERR_XPC_STATE');
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1])('cannot have %d bytes', async (byteLength) => {
    await using pair = new Pair();
    expect(() => pair.client.createSharedMemory(byteLength)).toThrow(RangeError);
  });

  it('cannot be made once the transport is closed, nor used', async () => {
    await using pair = new Pair();
    const memory = pair.client.createSharedMemory(8);
    await pair.client.close();
    expect(memory.isReleased).toBe(true);
    expect(thrownBy(() => memory.buffer).code).toBe('ERR_XPC_STATE');
    expect(thrownBy(() => pair.client.createSharedMemory(8)).code).toBe('ERR_XPC_STATE');
  });
});
