/** How connections end: services that are missing or die, clients that go, and cancel. */
import { describe, expect, it } from 'vitest';
import type { LaunchportError } from '../../src/base/index.js';
import type { XpcConnection, XpcDictionary } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

const echo = () => ({ request: (message: XpcDictionary) => message });
const never = () => new Promise<XpcDictionary>(() => {});

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

  it('a service that dies and is gone for good interrupts first; the next request finds nothing', async () => {
    await using pair = new Pair().serve(() => ({ request: never }));
    const events: string[] = [];
    const connection = pair.connect({
      handlers: {
        interrupted: () => void events.push('interrupted'),
        closed: ({ code }) => void events.push(code),
      },
    });
    const lost = rejectionOf(connection.request({}));
    await pair.world.settled();
    pair.killServer();
    pair.world.closeDescriptor(pair.descriptor);
    expect((await lost).code).toBe('ERR_XPC_INTERRUPTED');
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INVALID');
    await connection.closed;
    expect(events).toEqual(['interrupted', 'ERR_XPC_INVALID']);
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
