/** JSON as Swift's Codable writes it, for all values. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  appleDate,
  base64,
  type ContainerConfiguration,
  containerConfiguration,
  decodeJson,
  encodeJson,
  fileUrl,
  networkConfiguration,
  payload,
  publishPort,
  publishSocket,
  uint64,
} from '../../src/compat/index.js';

describe('dates', () => {
  it('count seconds from 2001', () => {
    expect(appleDate.encode(new Date('2001-01-01T00:00:00Z'))).toBe(0);
    expect(appleDate.encode(new Date(0))).toBe(-978_307_200);
    expect(appleDate.decode(807_834_961.5)).toEqual(new Date('2026-08-07T22:36:01.500Z'));
  });

  it('are the same after a round trip, to the millisecond', () => {
    const dates = fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') });
    fc.assert(
      fc.property(dates, (date) => {
        const [again] = decodeJson(z.array(appleDate), encodeJson(z.array(appleDate), [date])) as Date[];
        expect(again?.getTime()).toBe(date.getTime());
      }),
    );
  });

  it('that are passed on keep what a Date cannot hold', () => {
    const seconds = fc.double({ min: -978_307_200, max: 4e9, noNaN: true });
    fc.assert(
      fc.property(seconds, (value) => {
        expect(appleDate.encode(appleDate.decode(value))).toBe(value);
      }),
    );
  });

  it('that were changed after reading are written as they are now', () => {
    const date = appleDate.decode(10.123_456);
    date.setTime(978_307_200_000);
    expect(appleDate.encode(date)).toBe(0);
  });

  it.each([Number.NaN, 1e300, '2026-08-07', null])('%s is none', (value) => {
    expect(appleDate.safeParse(value).success).toBe(false);
  });
});

describe('URLs and data', () => {
  it('any absolute path survives as a file URL', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/[/\0]|^\.{1,2}$/.test(text));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), fc.boolean(), (segments, isFolder) => {
        const path = `/${segments.join('/')}${isFolder ? '/' : ''}`;
        const url = fileUrl.encode(path);
        expect(url.startsWith('file:///')).toBe(true);
        expect(url).toMatch(/^[\x21-\x7e]+$/);
        expect(fileUrl.decode(url)).toBe(path);
      }),
    );
  });

  it('a plain path is read, and other hosts and schemes are not', () => {
    expect(fileUrl.parse('/a b')).toBe('/a b');
    for (const text of ['https://example.com/a', 'file://host/a', 'a/b', ''])
      expect(fileUrl.safeParse(text).success).toBe(false);
    expect(fileUrl.safeEncode('relative').success).toBe(false);
  });

  it('bytes travel as base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(base64.decode(base64.encode(bytes))).toEqual(bytes);
      }),
    );
    expect(base64.safeParse('a=b').success).toBe(false);
  });
});

describe('unsigned 64-bit integers', () => {
  const text = (value: number) => encodeJson(uint64, value);

  it('the largest is Infinity, and exact on the wire', () => {
    expect(decodeJson(uint64, '18446744073709551615')).toBe(Number.POSITIVE_INFINITY);
    expect(text(Number.POSITIVE_INFINITY)).toBe('18446744073709551615');
  });

  it('never leave the range that Swift reads', () => {
    const values = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(values, (value) => {
        const written = BigInt(text(decodeJson(uint64, value.toString())));
        expect(written <= 2n ** 64n - 1n).toBe(true);
        if (value <= BigInt(Number.MAX_SAFE_INTEGER)) expect(written).toBe(value);
      }),
    );
  });

  it.each([-1, 0.5, 'x', null])('%s is none', (value) => {
    expect(uint64.safeParse(value).success).toBe(false);
  });
});

describe('objects', () => {
  const schema = payload({ known: z.string().optional(), inner: payload({ size: z.int() }).optional() });

  it('take a null for an absent key, and keep what they do not know', () => {
    const value = schema.parse({ known: null, other: null, inner: { size: 1, more: [1] } });
    expect(schema.encode(value)).toEqual({ other: null, inner: { size: 1, more: [1] } });
  });

  it('write no key for undefined', () => {
    expect(Object.keys(schema.encode({ known: undefined }) as object)).toEqual([]);
  });

  it('say where a value does not fit', () => {
    const result = schema.safeParse({ inner: { size: 'big' } });
    expect(result.error?.issues[0]?.path).toEqual(['inner', 'size']);
  });

  it.each([null, [], 'text', 1])('%s is none', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('show readonly types without their unknown keys', () => {
    expectTypeOf<ContainerConfiguration['mounts'][number]['options']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ContainerConfiguration>().not.toHaveProperty('other');
    expectTypeOf<ContainerConfiguration['creationDate']>().toEqualTypeOf<Date>();
  });
});

describe('what upstream refuses', () => {
  const network = { name: 'a', mode: 'nat' };
  const port = { hostAddress: '::1', hostPort: 65_534, containerPort: 1, proto: 'tcp' };

  it.each([
    ['a network without a mode', networkConfiguration, { name: 'a' }],
    ['a mode of another spelling', networkConfiguration, { ...network, mode: 'hostonly' }],
    ['plugin case 63: network name A', networkConfiguration, { ...network, name: 'A' }],
    ['plugin case 63: network name -a', networkConfiguration, { ...network, name: '-a' }],
    ['a subnet of the other family', networkConfiguration, { ...network, ipv4Subnet: 'fd00::/64' }],
    ['a label that is no text', networkConfiguration, { ...network, labels: { a: 1 } }],
    ['no ports', publishPort, { ...port, count: 0 }],
    ['ports beyond the last', publishPort, { ...port, count: 3 }],
    ['a protocol', publishPort, { ...port, proto: 'sctp' }],
    ['a socket at a relative path', publishSocket, { containerPath: 'a', hostPath: '/a' }],
    ['a socket on another host', publishSocket, { containerPath: 'file://host/a', hostPath: '/a' }],
    ['a container without an image', containerConfiguration, { id: 'a' }],
  ])('%s', (_what, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('plugin case 63: network name a.b_c-1 is accepted', () => {
    expect(networkConfiguration.parse({ ...network, name: 'a.b_c-1' }).name).toBe('a.b_c-1');
  });
});
