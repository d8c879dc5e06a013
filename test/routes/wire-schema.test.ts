/** Wire schemas: which XPC type each value travels as, and what is refused. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineRoute, type RouteReply, type RouteRequest, x } from '../../src/routes/index.js';
import { decodeShape, encodeShape } from '../../src/routes/wire-shape.js';
import { WireMismatch } from '../../src/routes/wire-type.js';
import {
  date,
  uint64,
  uuid,
  type XpcDate,
  XpcRawString,
  XpcUint64,
  type XpcUuid,
} from '../../src/xpc/index.js';

const everything = {
  text: x.string(),
  signed: x.int64(),
  unsigned: x.uint64(),
  real: x.double(),
  flag: x.bool(),
  bytes: x.data(),
  when: x.date(),
  id: x.uuid(),
  nothing: x.null(),
  list: x.array(x.int64().asNumber()),
  nested: x.dictionary({ inner: x.string() }),
  json: x.json(z.object({ a: z.number() })),
  free: x.any(),
  maybe: x.string().optional(),
};

describe('round trips', () => {
  it('names one XPC type per value and gives back what was encoded', () => {
    const values = {
      text: 'héllo',
      signed: -(2n ** 63n),
      unsigned: 2n ** 64n - 1n,
      real: -0,
      flag: false,
      bytes: new Uint8Array([0, 255]),
      when: date(-1n),
      id: uuid('00112233-4455-6677-8899-aabbccddeeff'),
      nothing: null,
      list: [1, -2],
      nested: { inner: '' },
      json: { a: 1.5 },
      free: ['any', 1n],
    };
    const encoded = encodeShape(everything, values);
    expect(encoded).toEqual({
      ...values,
      unsigned: uint64(2n ** 64n - 1n),
      list: [1n, -2n],
      json: new TextEncoder().encode('{"a":1.5}'),
    });
    expect(decodeShape(everything, encoded)).toEqual(values);
  });

  it('keeps absent and null apart', () => {
    const shape = { key: x.null().optional() };
    expect(decodeShape(shape, {})).toEqual({});
    expect(decodeShape(shape, { key: null })).toEqual({ key: null });
    expect(encodeShape(shape, { key: undefined })).toEqual({});
  });

  it('ignores further keys that arrive, and inherited ones', () => {
    expect(decodeShape({ a: x.string() }, { a: 'x', b: 1n })).toEqual({ a: 'x' });
    expect(() => decodeShape({ toString: x.string() }, {})).toThrow('key "toString": missing');
  });

  it('takes JSON without a schema', () => {
    const bytes = x.json().encode({ deep: [1, null, 'x'] });
    expect(x.json().decode(bytes)).toEqual({ deep: [1, null, 'x'] });
  });

  it('runs JSON codecs in both directions', () => {
    const seconds = z.codec(z.number(), z.date(), {
      decode: (value) => new Date(value * 1000),
      encode: (value) => value.getTime() / 1000,
    });
    const type = x.json(z.object({ at: seconds }));
    const encoded = type.encode({ at: new Date(2000) });
    expect(new TextDecoder().decode(encoded as Uint8Array)).toBe('{"at":2}');
    expect(type.decode(encoded)).toEqual({ at: new Date(2000) });
  });
});

describe('mismatches', () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ['int64 for uint64', () => x.uint64().decode(1n), 'expected uint64, got int64'],
    ['uint64 for int64', () => x.int64().decode(uint64(1)), 'expected int64, got uint64'],
    ['double for int64', () => x.int64().decode(1), 'expected int64, got double'],
    ['int64 for double', () => x.double().decode(1n), 'expected double, got int64'],
    ['null for string', () => x.string().decode(null), 'expected string, got null'],
    ['array for dictionary', () => x.dictionary({}).decode([]), 'expected dictionary, got array'],
    ['uuid for record', () => x.record().decode(uuid(new Uint8Array(16))), 'got uuid'],
    [
      'a string that is not UTF-8',
      () => x.string().decode(new XpcRawString(new Uint8Array([255]))),
      'not UTF-8',
    ],
    ['string for data with JSON', () => x.json().decode('{}'), 'expected data with JSON, got string'],
    ['data that is not JSON', () => x.json().decode(new Uint8Array([123])), 'not JSON in UTF-8'],
    ['JSON that is not UTF-8', () => x.json().decode(new Uint8Array([34, 255, 34])), 'not JSON in UTF-8'],
    ['int64 above its range', () => x.int64().encode(2n ** 63n), 'out of range for int64'],
    ['negative uint64', () => x.uint64().encode(-1n), 'out of range for uint64'],
    ['a number for int64', () => x.int64().encode(1 as never), 'expected bigint, got number'],
    ['a fraction as integer', () => x.int64().asNumber().encode(1.5), 'not an exact integer'],
    [
      'a number beyond 2^53',
      () =>
        x
          .int64()
          .asNumber()
          .encode(2 ** 53),
      'not an exact integer',
    ],
    [
      'an int64 beyond 2^53',
      () =>
        x
          .int64()
          .asNumber()
          .decode(2n ** 53n),
      'does not fit a number exactly',
    ],
    ['an invalid Date', () => x.date().asDate().encode(new Date(Number.NaN)), 'not a valid Date'],
    ['undefined as JSON', () => x.json(z.any()).encode(undefined), 'undefined has no JSON'],
    ['a function as any', () => x.any().encode(undefined as never), 'expected any, got nothing'],
  ];
  it.each(cases)('%s', (_title, work, message) => {
    expect(work).toThrow(WireMismatch);
    expect(work).toThrow(message);
  });

  it('name the key, with its path', () => {
    const shape = { list: x.array(x.dictionary({ port: x.int64() })) };
    expect(() => decodeShape(shape, { list: [{ port: 1n }, { port: '2' }] })).toThrow(
      'key "list.1.port": expected int64, got string',
    );
    expect(() => encodeShape(shape, {} as never)).toThrow('key "list": missing, expected array');
    expect(() => encodeShape(shape, { list: [], lst: 1 } as never)).toThrow(
      'key "lst": not a key of this message',
    );
    const inJson = { config: x.json(z.object({ cpus: z.number() })) };
    const bytes = new TextEncoder().encode('{"cpus":"four"}');
    expect(() => decodeShape(inJson, { config: bytes })).toThrow('key "config.cpus": Invalid input');
  });

  it('come from the zod schema as well', () => {
    const mode = x.string(z.enum(['nat', 'hostOnly']));
    expect(mode.decode('nat')).toBe('nat');
    expect(() => mode.decode('bridged')).toThrow(WireMismatch);
    expect(() => x.uint64(z.bigint().max(65535n)).decode(uint64(65536))).toThrow(WireMismatch);
  });
});

it('reserves the keys of the protocol', () => {
  expect(() => defineRoute('r', { request: { 'com.apple.container.xpc.route': x.string() } })).toThrow(
    'reserved',
  );
  expect(() => defineRoute('r', { reply: { 'com.apple.container.xpc.error': x.data() } })).toThrow(
    'reserved',
  );
  expect(() => defineRoute('')).toThrow(RangeError);
});

it('infers the types of requests and replies', () => {
  const route = defineRoute('r', {
    request: { name: x.string(), mode: x.string(z.enum(['a', 'b'])).optional(), n: x.int64().asNumber() },
    reply: {
      when: x.date(),
      at: x.date().asDate(),
      list: x.array(x.uint64()),
      json: x.json(z.object({ a: z.number() })),
    },
  });
  expectTypeOf<RouteRequest<typeof route>>().toEqualTypeOf<{
    readonly name: string;
    readonly n: number;
    readonly mode?: 'a' | 'b' | undefined;
  }>();
  expectTypeOf<RouteReply<typeof route>>().toEqualTypeOf<{
    readonly when: XpcDate;
    readonly at: Date;
    readonly list: readonly bigint[];
    readonly json: { a: number };
  }>();
  expectTypeOf(route.name).toEqualTypeOf<'r'>();
  expectTypeOf(x.uuid().decode).returns.toEqualTypeOf<XpcUuid>();
  expect(new XpcUint64(1n).value).toBe(1n);
});
