/** Protocols: routes defined once, typed on both sides, complete by type. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineProtocol, defineRoute, RouteServer, x } from '../../src/routes/index.js';
import { openLink } from './link.js';

const ping = defineRoute('ping', { reply: { version: x.string() } });

const greeter = defineProtocol({
  name: 'greeter',
  prefix: 'org.example.greeter/',
  routes: {
    greet: { request: { name: x.string() }, reply: { text: x.string() }, isIdempotent: true },
    forget: {},
    watch: { request: { from: x.int64().optional() }, item: { n: x.int64() }, reply: { last: x.int64() } },
    ping,
  },
});

describe('a protocol', () => {
  it('names its routes on the wire, those defined elsewhere by their own name', () => {
    const { greet, watch, forget } = greeter.routes;
    expectTypeOf(greet.name).toEqualTypeOf<'org.example.greeter/greet'>();
    expect([greet.name, forget.name, watch.name, greeter.routes.ping]).toEqual([
      'org.example.greeter/greet',
      'org.example.greeter/forget',
      'org.example.greeter/watch',
      ping,
    ]);
    expect(greet.isIdempotent).toBe(true);
    expect(defineProtocol({ name: 'bare', routes: { a: {} } }).routes.a.name).toBe('a');
  });

  it('is served and called with types from one definition', async () => {
    await using link = openLink();
    link.server.serve(greeter, {
      greet: ({ name }, { session }) => {
        expectTypeOf(name).toEqualTypeOf<string>();
        return { text: `hello ${name}, number ${session.id}` };
      },
      forget: () => {},
      watch: async function* ({ from = 1n }) {
        expectTypeOf(from).toEqualTypeOf<bigint>();
        yield { n: from };
        yield { n: from + 1n };
        return { last: from + 1n };
      },
      ping: async () => ({ version: '1' }),
    });
    expect(link.server.routeNames).toHaveLength(4);
    const client = link.client().as(greeter);
    const greeting = await client.call('greet', { name: 'Ada' });
    expectTypeOf(greeting).toEqualTypeOf<{ readonly text: string }>();
    expect(greeting).toEqual({ text: 'hello Ada, number 1' });
    expect(await client.call('forget')).toEqual({});
    expect(await client.call('ping')).toEqual({ version: '1' });
    const items: bigint[] = [];
    for await (const item of client.stream('watch', { from: 5n })) {
      expectTypeOf(item).toEqualTypeOf<{ readonly n: bigint }>();
      items.push(item.n);
    }
    expect(items).toEqual([5n, 6n]);
    expect((await client.stream('watch').next()).value).toEqual({ n: 1n });
  });

  it('refuses by type what it does not have', () => {
    const check = (client: ReturnType<ReturnType<typeof openLink>['client']>) => {
      const typed = client.as(greeter);
      // @ts-expect-error no such route
      void typed.call('gret', { name: '' });
      // @ts-expect-error a required key is missing
      void typed.call('greet');
      // @ts-expect-error another type
      void typed.call('greet', { name: 1 });
      // @ts-expect-error a stream cannot be called
      void typed.call('watch');
      // @ts-expect-error and a call is no stream
      typed.stream('greet', { name: '' });
      // @ts-expect-error nor is it sent
      typed.send('watch', {});
    };
    expectTypeOf(check).toBeFunction();
    const server = new RouteServer();
    const rest = { forget: () => {}, ping: () => ({ version: '' }) };
    async function* watch() {
      yield { n: 1n };
      return { last: 1n };
    }
    // @ts-expect-error a route has no handler
    expect(() => server.serve(greeter, { ...rest, watch })).toThrow('greeter: route greet has no handler');
    // @ts-expect-error a handler returns what is no reply
    new RouteServer().serve(greeter, { ...rest, watch, greet: () => ({ text: 1 }) });
    new RouteServer().serve(greeter, {
      ...rest,
      greet: () => ({ text: '' }),
      // @ts-expect-error a generator yields what is no item
      watch: async function* () {
        yield { n: '' };
        return { last: 1n };
      },
    });
    new RouteServer().serve(greeter, {
      ...rest,
      greet: () => ({ text: '' }),
      // @ts-expect-error a generator lacks its reply
      watch: async function* () {
        yield { n: 1n };
      },
    });
  });

  it('refuses names and keys that cannot travel, and two routes of one name', () => {
    expect(() => defineProtocol({ name: 'p', routes: { 'a\0b': {} } })).toThrow(RangeError);
    expect(() => defineProtocol({ name: 'p', routes: { a: { item: { 'launchport.x': x.any() } } } })).toThrow(
      'key launchport.x is reserved',
    );
    expect(() => defineProtocol({ name: 'p', routes: { ping: {}, other: ping } })).toThrow(
      'protocol p: two routes are called ping',
    );
  });
});

describe('an idempotent route', () => {
  it('is called once more after an interruption, within its deadline, and others are not', async () => {
    await using link = openLink();
    const seen: string[] = [];
    const lose = async (name: string, peer: { cancel(): void }) => {
      seen.push(name);
      if (seen.filter((each) => each === name).length === 1) peer.cancel();
      return {};
    };
    const once = defineRoute('once');
    const again = defineRoute('again', { isIdempotent: true });
    link.server
      .handle(once, (_request, { connection }) => lose('once', connection))
      .handle(again, (_request, { connection }) => lose('again', connection));
    const client = link.client();
    await expect(client.call(once)).rejects.toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
    expect(await client.call(again)).toEqual({});
    expect(seen).toEqual(['once', 'again', 'again']);
  });

  it('is not called a third time', async () => {
    await using link = openLink();
    let calls = 0;
    const again = defineRoute('again', { isIdempotent: true });
    link.server.handle(again, (_request, { connection }) => {
      calls++;
      connection.cancel();
    });
    await expect(link.client().call(again)).rejects.toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
    expect(calls).toBe(2);
  });
});
