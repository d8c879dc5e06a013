/** What the test kit knows of sessions, streams, progress and descriptors. */
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  definePlugin,
  defineProtocol,
  defineRoute,
  defineSessionValue,
  defineStreamRoute,
  fileDescriptor,
  rawRoute,
  route,
  routesOf,
  streamRoute,
  x,
} from '../../src/sdk/index.js';
import { testPlugin } from '../../src/sdk/testing.js';

const lookUp = defineRoute('look up', { request: { key: x.string() }, reply: { value: x.string() } });
const ticks = defineStreamRoute('ticks', { item: { n: x.int64() } });
const store = defineProtocol({
  name: 'store',
  routes: {
    put: { request: { file: x.fd() }, reply: { label: x.string() } },
    names: { item: { name: x.string() }, reply: { count: x.int64() } },
  },
});
const calls = defineSessionValue('calls', () => 0n);

function makePlugin(seen: string[] = []) {
  return definePlugin({
    name: 'store',
    services: {
      core: {
        routes: [
          ...routesOf(store, {
            put: ({ file }, { plugin, session }) => {
              expectTypeOf(plugin.pid).toEqualTypeOf<number>();
              session.onDisconnect(() => void seen.push(`gone ${session.id}`));
              return { label: `descriptor ${file.fd > 0} of ${plugin.services.core}` };
            },
            names: async function* (_request, { plugin, signal }) {
              expect(plugin.args).toEqual(['start']);
              expect(signal.aborted).toBe(false);
              yield { name: 'a' };
              yield { name: 'b' };
              return { count: 2n };
            },
          }),
          route(lookUp, ({ key }, { progress, connection, session }) => {
            expect(session.connection).toBe(connection);
            progress.update({ description: key });
            return { value: key };
          }),
          streamRoute(ticks, async function* () {
            for (let n = 0n; ; n++) yield { n };
          }),
          streamRoute(
            'inline',
            { request: { to: x.int64() }, item: { n: x.int64() } },
            async function* ({ to }) {
              for (let n = 0n; n < to; n++) yield { n };
            },
          ),
          rawRoute('calls', (_message, { session }) => {
            session.set(calls, session.get(calls) + 1n);
            return { calls: session.get(calls) };
          }),
        ],
      },
    },
  });
}

describe('a client of the kit', () => {
  it('calls by name, by route and by protocol, each typed', async () => {
    await using kit = await testPlugin(makePlugin());
    const client = kit.client('core');
    expectTypeOf(await client.call('look up', { key: 'k' })).toEqualTypeOf<{ readonly value: string }>();
    expect(await client.call(lookUp, { key: 'k' })).toEqual({ value: 'k' });
    const file = fileDescriptor(kit.descriptor('notes.txt'));
    const reply = { label: 'descriptor true of com.apple.container.core.store' };
    expect(await client.call('put', { file })).toEqual(reply);
    expect(await client.raw.as(store).call('put', { file })).toEqual(reply);
    expect(kit.labelOf(file.fd)).toBe('notes.txt');
    // @ts-expect-error a stream cannot be called
    await expect(client.call('names')).rejects.toMatchObject({ details: { code: 'invalidArgument' } });
  });

  it('reads streams by name and by route, and hears of progress', async () => {
    await using kit = await testPlugin(makePlugin());
    const client = kit.client('core');
    const names: string[] = [];
    for await (const { name } of client.stream('names')) names.push(name);
    expect(names).toEqual(['a', 'b']);
    for await (const { n } of client.stream(ticks)) if (n === 40n) break;
    const items: bigint[] = [];
    for await (const { n } of client.stream('inline', { to: 3n })) items.push(n);
    expect(items).toEqual([0n, 1n, 2n]);
    const onProgress = vi.fn();
    await client.call('look up', { key: 'k' }, { onProgress });
    expect(onProgress).toHaveBeenCalledExactlyOnceWith({ description: 'k' }, { description: 'k' });
    // @ts-expect-error a call is no stream
    expect(() => client.stream('put')).toThrow('key "file": missing');
  });

  it('has a session of its own', async () => {
    const seen: string[] = [];
    await using kit = await testPlugin(makePlugin(seen));
    const first = kit.client('core');
    await first.raw.callRaw('calls');
    expect(await first.raw.callRaw('calls')).toEqual({ calls: 2n });
    expect(await kit.client('core').raw.callRaw('calls')).toEqual({ calls: 1n });
    await first.call('put', { file: fileDescriptor(kit.descriptor('file')) });
    await first.raw.close();
    await vi.waitFor(() => expect(seen).toEqual(['gone 1']));
  });
});

describe('the end', () => {
  it('runs the disconnect hooks of clients that are still there before the stop hook', async () => {
    const order: string[] = [];
    const plugin = definePlugin({
      ...makePlugin(order),
      stop: () => void order.push('stop'),
    });
    await using kit = await testPlugin(plugin);
    await kit.client('core').call('put', { file: fileDescriptor(kit.descriptor('file')) });
    kit.signal('SIGTERM');
    expect(await kit.exited).toBe(0);
    expect(order).toEqual(['gone 1', 'stop']);
  });

  it('tells handlers that it is near, so that streams without an end find theirs', async () => {
    const plugin = definePlugin({
      name: 'events',
      services: {
        core: {
          routes: [
            streamRoute(
              'events',
              { item: { text: x.string() } },
              async function* (_request, { terminating }) {
                yield { text: 'started' };
                await new Promise((resolve) => terminating.addEventListener('abort', resolve));
                yield { text: 'stopping' };
              },
            ),
          ],
        },
      },
    });
    await using kit = await testPlugin(plugin);
    const texts: string[] = [];
    for await (const { text } of kit.client('core').stream('events')) {
      texts.push(text);
      if (text === 'started') kit.signal('SIGTERM');
    }
    expect(texts).toEqual(['started', 'stopping']);
    expect(await kit.exited).toBe(0);
  });
});
