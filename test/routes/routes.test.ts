/** Routes over a connection: server and client together, on the mock. */
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/index.js';
import { defineRoute, ROUTE_KEY, routeError, x } from '../../src/routes/index.js';
import { openLink } from './link.js';

const greet = defineRoute('greet', { request: { name: x.string() }, reply: { text: x.string() } });
const poke = defineRoute('poke');
const count = defineRoute('count', { request: { by: x.int64().optional() }, reply: { total: x.int64() } });

describe('calls', () => {
  it('carry typed requests and replies', async () => {
    await using link = openLink();
    link.server.handle(greet, ({ name }, context) => {
      expectTypeOf(name).toEqualTypeOf<string>();
      expect(context).toMatchObject({ route: 'greet', isReplyExpected: true });
      return { text: `hello ${name}` };
    });
    const reply = await link.client().call(greet, { name: 'Ada' });
    expectTypeOf(reply).toEqualTypeOf<{ readonly text: string }>();
    expect(reply).toEqual({ text: 'hello Ada' });
  });

  it('may leave out a request and a reply without required keys', async () => {
    await using link = openLink();
    link.server.handle(poke, () => {}).handle(count, ({ by = 1n }) => ({ total: by }));
    const client = link.client();
    expect(await client.call(poke)).toEqual({});
    expect(await client.call(count)).toEqual({ total: 1n });
    expect(await client.call(count, { by: 2n ** 62n })).toEqual({ total: 2n ** 62n });
    // @ts-expect-error a required key cannot be left out
    await expect(client.call(greet)).rejects.toThrow('key "name": missing');
  });

  it('may come back out of order', async () => {
    await using link = openLink();
    const gates: (() => void)[] = [];
    link.server.handleRaw('wait', async (message) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return message;
    });
    const client = link.client();
    const first = client.callRaw('wait', { n: 1n });
    const second = client.callRaw('wait', { n: 2n });
    await vi.waitFor(() => expect(gates).toHaveLength(2));
    gates[1]?.();
    expect(await second).toEqual({ n: 2n });
    gates[0]?.();
    expect(await first).toEqual({ n: 1n });
  });

  it('without a schema pass everything but the protocol keys', async () => {
    await using link = openLink();
    link.server.handleRaw('echo', (message) => message).handleRaw('nothing', () => undefined);
    const client = link.client();
    const body = { text: 'x', list: [1n, null], data: new Uint8Array([1]) };
    expect(await client.callRaw('echo', body)).toEqual(body);
    expect(await client.callRaw('nothing')).toEqual({});
    expect(await client.callRaw('echo', { [ROUTE_KEY]: 'nothing', kept: 1n })).toEqual({ kept: 1n });
    const odd = await client.callRaw('echo', JSON.parse('{"__proto__":"own","toString":"own"}'));
    expect(Object.entries(odd)).toEqual([
      ['__proto__', 'own'],
      ['toString', 'own'],
    ]);
  });

  it('refuse a second handler for a route', () => {
    const link = openLink();
    link.server.handle(poke, () => {});
    expect(() => link.server.handleRaw('poke', () => undefined)).toThrow(TypeError);
  });
});

describe('every request gets an answer', () => {
  it('plugin-system case 50: a request without route is invalidArgument', async () => {
    await using link = openLink();
    const { connection } = link.client();
    for (const message of [{}, { [ROUTE_KEY]: 1n }, { [ROUTE_KEY]: null }]) {
      const reply = await connection.request(message, { timeout: 60_000 });
      const error = new TextDecoder().decode(reply['com.apple.container.xpc.error'] as Uint8Array);
      expect(JSON.parse(error)).toEqual({ code: 'invalidArgument', message: 'invalid request' });
    }
  });

  it('plugin-system case 51: an unknown route is unsupported', async () => {
    await using link = openLink();
    await expect(link.client().callRaw('no/such')).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'unsupported', message: 'unknown route: no/such', route: 'no/such' },
    });
    await expect(link.client().callRaw('__proto__')).rejects.toMatchObject({
      details: { code: 'unsupported' },
    });
  });

  it('names the key that does not fit', async () => {
    await using link = openLink();
    link.server.handle(greet, () => ({ text: '' }));
    await expect(link.client().callRaw('greet', { name: 1n })).rejects.toMatchObject({
      details: { code: 'invalidArgument', message: 'greet: key "name": expected string, got int64' },
    });
    await expect(link.client().callRaw('greet')).rejects.toMatchObject({
      details: { code: 'invalidArgument', message: 'greet: key "name": missing, expected string' },
    });
  });

  it('is an error when the handler throws, rejects, or returns what its schema refuses', async () => {
    await using link = openLink();
    link.server
      .handleRaw('throw', () => {
        throw routeError('exists', 'there is one');
      })
      .handleRaw('reject', () => Promise.reject(new Error('broken')))
      .handleRaw('value', () => ({ bad: undefined }) as never)
      .handle(greet, () => ({ text: 1 }) as never);
    const client = link.client();
    await expect(client.callRaw('throw')).rejects.toMatchObject({ details: { code: 'exists' } });
    await expect(client.callRaw('reject')).rejects.toMatchObject({
      details: { code: 'unknown', message: 'broken' },
    });
    await expect(client.call(greet, { name: '' })).rejects.toMatchObject({
      details: { code: 'internalError', message: 'greet: key "text": expected string, got double' },
    });
    await expect(client.callRaw('value')).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) });
    expect(link.server.runningCount).toBe(0);
  });

  it('is an error when the handler throws what has no text', async () => {
    await using link = openLink();
    link.server.handleRaw('throw', () => Promise.reject(Object.create(null)));
    await expect(link.client().callRaw('throw')).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'unknown' },
    });
  });

  it('is a refusal at once beyond the bound on running handlers', async () => {
    await using link = openLink({ maxConcurrent: 1 });
    let release = () => {};
    link.server.handleRaw('wait', async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return {};
    });
    const client = link.client();
    const first = client.callRaw('wait');
    await expect(client.callRaw('wait')).rejects.toMatchObject({
      details: { code: 'invalidState', message: 'too many requests: 1 are running' },
    });
    release();
    await first;
  });

  it('and a one-way message none, whatever it is', async () => {
    const debug = vi.fn();
    const logger: Logger = { ...silentLogger, debug };
    await using link = openLink({ logger });
    const seen: unknown[] = [];
    const signals = new Set<AbortSignal>();
    link.server.handle(greet, ({ name }, { isReplyExpected, signal }) => {
      seen.push([name, isReplyExpected]);
      signals.add(signal);
      throw new Error('nobody hears this');
    });
    const client = link.client();
    client.connection.send({});
    client.connection.send({ [ROUTE_KEY]: 'no/such' });
    client.connection.send({ [ROUTE_KEY]: 'greet' });
    client.send(greet, { name: 'x' });
    await vi.waitFor(() => expect(debug).toHaveBeenCalledTimes(4));
    expect(seen).toEqual([['x', false]]);
    client.send(greet, { name: 'y' });
    // One of its own each: what handlers attach to it must not pile up for the life of the process.
    await vi.waitFor(() => expect(signals.size).toBe(2));
    await expect(client.callRaw('no/such')).rejects.toMatchObject({ details: { code: 'unsupported' } });
  });
});

describe('waits end', () => {
  it('plugin-system case 53: a mute peer is a timeout that names the route', async () => {
    await using link = openLink();
    const signals: AbortSignal[] = [];
    link.server.handleRaw('mute', (_message, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    const client = link.client();
    await expect(client.callRaw('mute', {}, { timeout: 20 })).rejects.toMatchObject({
      code: 'ERR_XPC_TIMEOUT',
      message: 'no reply from test.service/mute within 20 ms',
    });
    await client.close();
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true));
  });

  it('a caller may give up', async () => {
    await using link = openLink();
    link.server.handleRaw('mute', () => new Promise(() => {}));
    const abort = new AbortController();
    const call = link.client().callRaw('mute', {}, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('a reply that does not fit its schema is an error of the reply', async () => {
    await using link = openLink();
    link.server.handleRaw('greet', () => ({ text: 5n }));
    await expect(link.client().call(greet, { name: 'x' })).rejects.toMatchObject({
      code: 'ERR_ROUTE_REPLY',
      message: 'reply of test.service/greet: key "text": expected string, got int64',
    });
  });

  it('a closed connection says which route it was', async () => {
    await using link = openLink();
    link.server.handleRaw('mute', () => new Promise(() => {}));
    const client = link.client();
    const call = client.callRaw('mute');
    const refused = expect(call).rejects.toMatchObject({
      code: 'ERR_XPC_CANCELLED',
      details: { route: 'mute', service: 'test.service' },
    });
    await client.close();
    await refused;
    await expect(client.callRaw('mute')).rejects.toMatchObject({ details: { route: 'mute' } });
  });
});

describe('drain', () => {
  it('lets running handlers answer, drops what comes later, and refuses new peers', async () => {
    await using link = openLink();
    let release = () => {};
    link.server.handleRaw('work', async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { done: true };
    });
    const client = link.client();
    const work = client.callRaw('work');
    await vi.waitFor(() => expect(link.server.runningCount).toBe(1));
    const drained = link.server.drain();
    await expect(client.callRaw('work')).rejects.toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
    release();
    expect(await work).toEqual({ done: true });
    expect(await drained).toBe(0);
    await expect(link.client().callRaw('work')).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_XPC_/),
    });
  });

  it('ends in time with a handler that does not', async () => {
    await using link = openLink();
    link.server.handleRaw('stuck', () => new Promise(() => {}));
    const call = link.client().callRaw('stuck', {}, { timeout: 200 });
    call.catch(() => {});
    await vi.waitFor(() => expect(link.server.runningCount).toBe(1));
    expect(await link.server.drain({ timeout: 10 })).toBe(1);
  });
});
