/** Request handlers: what becomes of a request when they fail, and of them when the client goes. */
import { describe, expect, it } from 'vitest';
import type { LaunchportError } from '../../src/base/index.js';
import type { XpcDictionary } from '../../src/xpc/index.js';
import { rejectionOf } from '../helpers/thrown.js';
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
