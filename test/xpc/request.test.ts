/** Request handlers: what becomes of a request when they fail, and of them when the client goes. */
import { describe, expect, it } from 'vitest';
import type { LaunchportError } from '../../src/base/index.js';
import type { XpcDictionary, XpcRequest } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

const echo = () => ({ request: (message: XpcDictionary) => message });

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

describe('request.reply', () => {
  it('answers before the handler is done, and what it does then is its own affair', async () => {
    const finish = deferred();
    const events: string[] = [];
    await using pair = new Pair().serve(() => ({
      request: async ({ n }, request) => {
        request.reply({ n: n as bigint });
        await finish.promise;
        events.push('finished');
        return undefined;
      },
    }));
    const connection = pair.connect();
    expect((await connection.request({ n: 1n })).n).toBe(1n);
    expect(events).toEqual([]);
    finish.resolve();
    await connection.flushed();
    expect(events).toEqual(['finished']);
    expect(pair.log.text).toBe('');
  });

  it('twice is an error, and a result after it is logged', async () => {
    const caught: unknown[] = [];
    await using pair = new Pair().serve(() => ({
      request: (_message, request) => {
        request.reply({ n: 1n });
        try {
          request.reply({ n: 2n });
        } catch (error) {
          caught.push(error);
        }
        return { n: 3n };
      },
    }));
    const connection = pair.connect();
    expect((await connection.request({})).n).toBe(1n);
    expect(caught).toMatchObject([{ code: 'ERR_XPC_ALREADY_REPLIED', kind: 'usage' }]);
    expect(pair.log.text).toContain('second reply');
    expect((await connection.request({})).n).toBe(1n);
    expect(pair.server.statistics().openTokens).toBe(0);
  });

  it('of what cannot be sent leaves the request open for another', async () => {
    await using pair = new Pair().serve(() => ({
      request: (_message, request) => {
        expect(() => request.reply({ n: 2n ** 63n })).toThrow(/int64/);
        request.reply({ n: 1n });
        throw new Error('afterwards');
      },
    }));
    expect((await pair.connect().request({})).n).toBe(1n);
    expect(pair.log.text).toContain('failed after its reply');
  });

  it('after the handler failed, or after the client went, is an error', async () => {
    const requests: XpcRequest[] = [];
    const ended = deferred<LaunchportError>();
    const gone = deferred();
    await using pair = new Pair().serve(() => ({
      request: ({ isSlow }, request) => {
        requests.push(request);
        if (isSlow !== true) throw new Error('boom');
        return gone.promise.then(() => undefined);
      },
      closed: ended.resolve,
    }));
    const connection = pair.connect();
    await rejectionOf(connection.request({}));
    expect(thrownBy(() => requests[0]?.reply({})).code).toBe('ERR_XPC_ALREADY_REPLIED');
    const lost = rejectionOf(connection.request({ isSlow: true }));
    await pair.world.settled();
    connection.cancel();
    await Promise.all([lost, ended.promise]);
    expect(thrownBy(() => requests[1]?.reply({})).code).toBe('ERR_XPC_INVALID');
    gone.resolve();
    await pair.world.settled();
    expect(pair.server.statistics().openTokens).toBe(0);
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
