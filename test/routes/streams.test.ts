/** Streams: items with back-pressure, their end from either side, and what goes wrong on the way. */
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { defineRoute, defineStreamRoute, RouteClient, routeError, x } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { openLink } from './link.js';

const count = defineStreamRoute('count', {
  request: { to: x.int64().asNumber() },
  item: { n: x.int64().asNumber() },
  reply: { sum: x.int64().asNumber() },
});
const watch = defineStreamRoute('watch', { item: { n: x.int64().asNumber() } });

/** Yields until nobody reads, and notes what became of it. */
function counter() {
  const seen = { produced: 0, ended: 0, reason: undefined as unknown };
  async function* generate(_request: unknown, { signal }: { readonly signal: AbortSignal }) {
    try {
      for (;;) {
        seen.produced++;
        yield { n: seen.produced };
      }
    } finally {
      seen.ended++;
      seen.reason = signal.reason;
    }
  }
  return { seen, generate };
}

describe('a stream', () => {
  it('yields its items in order, typed, and ends with its reply', async () => {
    await using link = openLink();
    link.server.handleStream(count, async function* ({ to }) {
      expectTypeOf(to).toEqualTypeOf<number>();
      let sum = 0;
      for (let n = 1; n <= to; n++) {
        sum += n;
        yield { n };
      }
      return { sum };
    });
    const stream = link.client().stream(count, { to: 1000 });
    const items: number[] = [];
    for (;;) {
      const step = await stream.next();
      if (step.done) {
        expectTypeOf(step.value).toEqualTypeOf<{ readonly sum: number } | undefined>();
        expect(step.value).toEqual({ sum: 500_500 });
        break;
      }
      expectTypeOf(step.value).toEqualTypeOf<{ readonly n: number }>();
      items.push(step.value.n);
    }
    expect(items).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(link.server.runningCount).toBe(0);
  });

  it('may be any async iterable when its reply needs no key, and may be empty', async () => {
    await using link = openLink();
    link.server.handleStream(watch, () => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true as const, value: undefined }) }),
    }));
    const items: unknown[] = [];
    for await (const item of link.client().stream(watch)) items.push(item);
    expect(items).toEqual([]);
    // @ts-expect-error an iterable without a return value has no reply
    link.server.handleStream(count, () => ({ [Symbol.asyncIterator]: () => ({ next: async () => {} }) }));
  });

  it('sends nothing before the first item is asked for', async () => {
    await using link = openLink();
    const handler = vi.fn(async function* () {
      yield { n: 1 };
    });
    link.server.handleStream(watch, handler);
    const client = link.client();
    await client.stream(watch).return();
    await expect(client.callRaw('no/such')).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    expect(handler).not.toHaveBeenCalled();
  });

  it.each([1, 2, 7, 32])('has at most %i items under way that nobody has read', async (window) => {
    await using link = openLink();
    const { seen, generate } = counter();
    link.server.handleStream(watch, generate);
    let read = 0;
    for await (const { n } of link.client().stream(watch, {}, { window })) {
      read++;
      expect(n).toBe(read);
      // Everything that can be delivered is: what the producer is ahead now is all that it may be.
      await link.world.settled();
      // One more waits in the generator for room.
      expect(seen.produced - read).toBeLessThanOrEqual(window + 1);
      if (read === 100) break;
    }
    await vi.waitFor(() => expect(seen.ended).toBe(1));
    expect(seen.produced).toBeLessThanOrEqual(100 + window + 1);
  });

  it('is read by several calls of next at once, in their order', async () => {
    await using link = openLink();
    link.server.handleStream(watch, counter().generate);
    const stream = link.client().stream(watch);
    const steps = await Promise.all([stream.next(), stream.next(), stream.next()]);
    expect(steps.map(({ value }) => value)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await stream.return();
  });

  it('refuses a window that cannot be', async () => {
    await using link = openLink();
    for (const window of [0, 1.5, 4097]) {
      expect(() => link.client().stream(watch, {}, { window })).toThrow(RangeError);
    }
  });
});

describe('the reader ends it', () => {
  it('by leaving the loop: the generator finishes, its signal says why, and nothing is left', async () => {
    await using link = openLink();
    const { seen, generate } = counter();
    link.server.handleStream(watch, generate);
    const client = link.client();
    for await (const { n } of client.stream(watch)) if (n === 3) break;
    await vi.waitFor(() => expect(seen.ended).toBe(1));
    expect(seen.reason).toMatchObject({ code: 'ERR_XPC_CANCELLED' });
    await vi.waitFor(() => expect(link.server.runningCount).toBe(0));
    await link.world.settled();
    const { listeners, rights } = link.transport.statistics();
    expect({ listeners, rights }).toEqual({ listeners: 1, rights: 0 });
  });

  it('by a signal, also while it waits', async () => {
    await using link = openLink();
    const signals: AbortSignal[] = [];
    link.server.handleStream(watch, async function* (_request, { signal }) {
      signals.push(signal);
      yield { n: 1 };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const abort = new AbortController();
    const stream = link.client().stream(watch, {}, { signal: abort.signal });
    expect(await stream.next()).toMatchObject({ value: { n: 1 } });
    const next = stream.next();
    abort.abort();
    await expect(next).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(await stream.next()).toMatchObject({ done: true });
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true));
    await vi.waitFor(() => expect(link.server.runningCount).toBe(0));
  });

  it('by its timeout, when no item comes', async () => {
    await using link = openLink();
    link.server.handleStream(watch, async function* (_request, { signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await expect(link.client().stream(watch, {}, { timeout: 20 }).next()).rejects.toMatchObject({
      code: 'ERR_XPC_TIMEOUT',
      message: 'test.service/watch: no item within 20 ms',
    });
    await vi.waitFor(() => expect(link.server.runningCount).toBe(0));
  });

  it('by its death', async () => {
    await using link = openLink();
    const { seen, generate } = counter();
    link.server.handleStream(watch, generate);
    const binding = link.world.binding(4711);
    const transport = new XpcTransport(binding);
    const client = RouteClient.connect(transport, 'test.service', { connect: { bootstrap: link.directory } });
    const stream = client.stream(watch);
    expect(await stream.next()).toMatchObject({ value: { n: 1 } });
    link.world.kill(4711);
    await vi.waitFor(() => expect(seen.ended).toBe(1));
    await vi.waitFor(() => expect(link.server.runningCount).toBe(0));
  });
});

describe('the server ends it', () => {
  it('with an error, after the items before it', async () => {
    await using link = openLink();
    link.server.handleStream(watch, async function* () {
      yield { n: 1 };
      yield { n: 2 };
      throw routeError('notFound', 'no more');
    });
    const items: number[] = [];
    const read = async () => {
      for await (const { n } of link.client().stream(watch)) items.push(n);
    };
    await expect(read()).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'notFound', message: 'no more' },
    });
    expect(items).toEqual([1, 2]);
  });

  it('by its death, after the items that had come', async () => {
    await using link = openLink();
    let peer: { cancel(): void } | undefined;
    link.server.handleStream(watch, async function* (_request, { connection, signal }) {
      peer = connection;
      yield { n: 1 };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const stream = link.client().stream(watch);
    expect(await stream.next()).toMatchObject({ value: { n: 1 } });
    const next = stream.next();
    peer?.cancel();
    await expect(next).rejects.toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
  });

  it('when it is asked to end, in good order', async () => {
    await using link = openLink();
    link.server.handleStream(watch, async function* (_request, { terminating }) {
      yield { n: 1 };
      await new Promise((resolve) => terminating.addEventListener('abort', resolve));
      yield { n: 2 };
    });
    const items: number[] = [];
    for await (const { n } of link.client().stream(watch)) {
      items.push(n);
      if (n === 1) void link.server.drain();
    }
    expect(items).toEqual([1, 2]);
  });
});

describe('what does not fit', () => {
  it('an item the schema refuses ends the stream, and the generator', async () => {
    await using link = openLink();
    let isEnded = false;
    link.server.handleStream(watch, async function* () {
      try {
        yield { n: 0.5 };
      } finally {
        isEnded = true;
      }
    });
    await expect(link.client().stream(watch).next()).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'internalError', message: 'item of watch: key "n": 0.5 is not an exact integer' },
    });
    expect(isEnded).toBe(true);
  });

  it('a call of a stream, and a stream of what is none, are errors', async () => {
    await using link = openLink();
    link.server.handleStream(watch, counter().generate).handle(defineRoute('poke'), () => {});
    const client = link.client();
    await expect(client.callRaw('watch')).rejects.toMatchObject({
      details: { code: 'invalidArgument' },
      hint: 'Ask for it with stream(), not with call().',
    });
    // @ts-expect-error a stream cannot be called
    await expect(client.call(watch)).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    const poke = defineStreamRoute('poke', { item: {} });
    await expect(client.stream(poke).next()).rejects.toMatchObject({
      code: 'ERR_ROUTE_REPLY',
      message: 'test.service/poke is no stream',
    });
    const none = defineStreamRoute('none', { item: {} });
    await expect(client.stream(none).next()).rejects.toMatchObject({ details: { code: 'unsupported' } });
  });

  it('a request the schema refuses is told so, and the generator is not run', async () => {
    await using link = openLink();
    const handler = vi.fn();
    link.server.handleStream(count, handler);
    const loose = defineStreamRoute('count', { request: { to: x.string() }, item: {} });
    await expect(link.client().stream(loose, { to: 'x' }).next()).rejects.toMatchObject({
      details: { code: 'invalidArgument', message: 'count: key "to": expected int64, got string' },
    });
    expect(handler).not.toHaveBeenCalled();
  });
});
