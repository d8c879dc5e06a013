/** Suspended connections: nothing comes and nothing goes until they are resumed as often. */
import { describe, expect, it } from 'vitest';
import type { XpcConnection } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

describe('a suspended client', () => {
  it('sends when it is resumed as often as it was suspended', async () => {
    const seen: unknown[] = [];
    await using pair = new Pair().serve(() => ({ message: ({ n }) => void seen.push(n) }));
    const connection = pair.connect();
    connection.send({ n: 0n });
    await pair.world.settled();
    connection.send({ n: 1n });
    connection.suspend();
    connection.suspend();
    connection.send({ n: 2n });
    await pair.world.settled();
    expect(seen).toEqual([0n, 1n]);
    connection.resume();
    expect(connection.isSuspended).toBe(true);
    await pair.world.settled();
    expect(seen).toEqual([0n, 1n]);
    connection.resume();
    expect(connection.isSuspended).toBe(false);
    await pair.world.settled();
    expect(seen).toEqual([0n, 1n, 2n]);
  });

  it('gets replies later, and its deadlines run', async () => {
    await using pair = new Pair().serve(() => ({ request: (message) => message }));
    const connection = pair.connect();
    await connection.request({});
    connection.suspend();
    const late = connection.request({ n: 1n });
    expect((await rejectionOf(connection.request({}, { timeout: 5 }))).code).toBe('ERR_XPC_TIMEOUT');
    connection.resume();
    expect((await late).n).toBe(1n);
  });

  it('may be so before its first use, and may be cancelled', async () => {
    await using pair = new Pair().serve(() => ({ request: (message) => message }));
    const lazy = pair.connect({ isLazy: true });
    lazy.suspend();
    const reply = lazy.request({ n: 2n });
    await pair.world.settled();
    lazy.resume();
    expect((await reply).n).toBe(2n);
    lazy.suspend();
    const lost = rejectionOf(lazy.request({}));
    lazy.cancel();
    await lazy.closed;
    expect((await lost).code).toBe('ERR_XPC_CANCELLED');
    expect(lazy.isSuspended).toBe(false);
  });
});

describe('what would end the process in XPC', () => {
  it('one resume too many is an error instead', async () => {
    await using pair = new Pair().serve(() => ({ request: (message) => message }));
    const connection = pair.connect();
    expect(thrownBy(() => connection.resume()).code).toBe('ERR_XPC_STATE');
    connection.suspend();
    connection.resume();
    expect(thrownBy(() => connection.resume()).code).toBe('ERR_XPC_STATE');
    expect((await connection.request({ n: 1n })).n).toBe(1n);
  });

  it('a closed connection is not suspended, and resuming it is harmless', async () => {
    await using pair = new Pair().serve(() => ({}));
    const connection = pair.connect();
    connection.suspend();
    connection.cancel();
    connection.resume();
    await connection.closed;
    connection.resume();
    expect(thrownBy(() => connection.suspend()).code).toBe('ERR_XPC_INVALID');
  });
});

it('a suspended peer gets nothing and answers nothing until it is resumed', async () => {
  const accepted = deferred<XpcConnection>();
  let handled = 0;
  await using pair = new Pair().serve((peer) => {
    peer.suspend();
    accepted.resolve(peer);
    return {
      request: () => {
        handled++;
        return {};
      },
    };
  });
  const reply = pair.connect().request({});
  const peer = await accepted.promise;
  await pair.world.settled();
  expect(handled).toBe(0);
  peer.resume();
  await reply;
  expect(handled).toBe(1);
});
