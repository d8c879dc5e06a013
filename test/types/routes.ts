/**
 * What the compiler must make of routes, protocols and plugins, written as a consumer would. Compiled by
 * `npm run typecheck`, never run.
 */
import {
  defineProtocol,
  defineRoute,
  defineStreamRoute,
  type JsonValue,
  RouteClient,
  type RouteReply,
  type RouteRequest,
  type StreamItem,
  x,
} from 'launchport';
import { definePlugin, route } from 'launchport/sdk';
import type {
  XpcDate,
  XpcEndpoint,
  XpcFileDescriptor,
  XpcSharedMemory,
  XpcTransport,
  XpcUuid,
} from 'launchport/xpc';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';

declare const transport: XpcTransport;

const everything = defineRoute('everything', {
  request: {
    text: x.string(),
    choice: x.string(z.enum(['a', 'b'])),
    whole: x.int64(),
    small: x.int64().asNumber(),
    unsigned: x.uint64(),
    real: x.double(),
    flag: x.bool(),
    bytes: x.data(),
    when: x.date(),
    day: x.date().asDate(),
    id: x.uuid(),
    nothing: x.null(),
    file: x.fd(),
    endpoint: x.endpoint(),
    memory: x.sharedMemory(),
    json: x.json(z.object({ n: z.number() })),
    anyJson: x.json(),
    list: x.array(x.int64()),
    inner: x.dictionary({ a: x.string(), b: x.bool().optional() }),
    maybe: x.string().optional(),
  },
  reply: { total: x.int64().asNumber() },
});

expectTypeOf<RouteRequest<typeof everything>['text']>().toEqualTypeOf<string>();
expectTypeOf<RouteRequest<typeof everything>['choice']>().toEqualTypeOf<'a' | 'b'>();
expectTypeOf<RouteRequest<typeof everything>['whole']>().toEqualTypeOf<bigint>();
expectTypeOf<RouteRequest<typeof everything>['small']>().toEqualTypeOf<number>();
expectTypeOf<RouteRequest<typeof everything>['unsigned']>().toEqualTypeOf<bigint>();
expectTypeOf<RouteRequest<typeof everything>['real']>().toEqualTypeOf<number>();
expectTypeOf<RouteRequest<typeof everything>['flag']>().toEqualTypeOf<boolean>();
expectTypeOf<RouteRequest<typeof everything>['bytes']>().toEqualTypeOf<Uint8Array>();
expectTypeOf<RouteRequest<typeof everything>['when']>().toEqualTypeOf<XpcDate>();
expectTypeOf<RouteRequest<typeof everything>['day']>().toEqualTypeOf<Date>();
expectTypeOf<RouteRequest<typeof everything>['id']>().toEqualTypeOf<XpcUuid>();
expectTypeOf<RouteRequest<typeof everything>['nothing']>().toEqualTypeOf<null>();
expectTypeOf<RouteRequest<typeof everything>['file']>().toEqualTypeOf<XpcFileDescriptor>();
expectTypeOf<RouteRequest<typeof everything>['endpoint']>().toEqualTypeOf<XpcEndpoint>();
expectTypeOf<RouteRequest<typeof everything>['memory']>().toEqualTypeOf<XpcSharedMemory>();
expectTypeOf<RouteRequest<typeof everything>['json']>().toEqualTypeOf<{ n: number }>();
expectTypeOf<RouteRequest<typeof everything>['anyJson']>().toEqualTypeOf<JsonValue>();
expectTypeOf<RouteRequest<typeof everything>['list']>().toExtend<readonly bigint[]>();
expectTypeOf<RouteRequest<typeof everything>['inner']['b']>().toEqualTypeOf<boolean | undefined>();
expectTypeOf<RouteRequest<typeof everything>['maybe']>().toEqualTypeOf<string | undefined>();
expectTypeOf<RouteReply<typeof everything>>().toExtend<{ readonly total: number }>();

const bare = defineRoute('bare');
const count = defineStreamRoute('count', {
  request: { to: x.int64() },
  item: { n: x.int64() },
  reply: { done: x.bool() },
});

/** Calls over a client. */
export async function calls(): Promise<void> {
  await using client = RouteClient.connect(transport, 'com.example.service');
  const add = defineRoute('add', { request: { a: x.int64() }, reply: { sum: x.int64() } });
  expectTypeOf((await client.call(add, { a: 1n })).sum).toEqualTypeOf<bigint>();
  await client.call(add, { a: 1n }, { timeout: 5, signal: AbortSignal.timeout(5) });
  await client.call(bare);
  // @ts-expect-error a number is no int64
  await client.call(add, { a: 1 });
  // @ts-expect-error a key is missing
  await client.call(add, {});
  // @ts-expect-error no such key in the reply
  (await client.call(add, { a: 1n })).total;
  const stream = client.stream(count, { to: 3n });
  for await (const item of stream) expectTypeOf(item.n).toEqualTypeOf<bigint>();
  expectTypeOf<StreamItem<typeof count>>().toExtend<{ readonly n: bigint }>();
  // @ts-expect-error a stream is not called
  await client.call(count, { to: 3n });
}

/** Calls by name. */
export async function protocols(): Promise<void> {
  const protocol = defineProtocol({
    name: 'calculator',
    prefix: 'com.example.calculator/',
    routes: {
      add: { request: { a: x.int64(), b: x.int64() }, reply: { sum: x.int64() } },
      count: { request: { to: x.int64() }, item: { n: x.int64() } },
      bare,
    },
  });
  expectTypeOf(protocol.routes.add.name).toEqualTypeOf<'com.example.calculator/add'>();
  expectTypeOf(protocol.routes.bare.name).toEqualTypeOf<'bare'>();
  await using client = RouteClient.connect(transport, 'com.example.service');
  const calculator = client.as(protocol);
  expectTypeOf((await calculator.call('add', { a: 1n, b: 2n })).sum).toEqualTypeOf<bigint>();
  for await (const { n } of calculator.stream('count', { to: 2n })) expectTypeOf(n).toEqualTypeOf<bigint>();
  // @ts-expect-error no such route
  await calculator.call('subtract');
  // @ts-expect-error a stream is not called
  await calculator.call('count', { to: 2n });
  // @ts-expect-error a call is no stream
  calculator.stream('add', { a: 1n, b: 2n });
}

/** Plugins. */
export const plugin = definePlugin({
  name: 'greeter',
  services: {
    auxiliary: {
      routes: [
        route(
          'greet',
          { request: { name: x.string() }, reply: { text: x.string() } },
          ({ name }, context) => {
            expectTypeOf(name).toEqualTypeOf<string>();
            expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
            return { text: name };
          },
        ),
        // @ts-expect-error the reply lacks its key
        route('wrong', { reply: { text: x.string() } }, () => ({})),
      ],
    },
  },
});
