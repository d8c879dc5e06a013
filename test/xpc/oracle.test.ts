/**
 * Agreement with an independent codec, that of appium-ios-remotexpc. It knows fewer types than XPC has: JavaScript
 * numbers are int64 when whole and double else, a bigint is uint64, dates are whole milliseconds.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  date,
  deserialize,
  serialize,
  uint64,
  type XpcSendable,
  XpcUuid,
  type XpcValue,
} from '../../src/xpc/index.js';
import { hexOf, unwrap, wrap } from '../helpers/tagged-value.js';
import { text } from '../helpers/xpc-arbitraries.js';

interface Oracle {
  encodeMessage(message: { flags: number; id: number; body: unknown }): Uint8Array;
  decodeMessage(frame: Uint8Array): { message: { body: unknown } };
}

// Not among the package's exports, hence by path and by exact version.
const DIRECTORY = join(
  import.meta.dirname,
  '../oracle/node_modules/appium-ios-remotexpc/build/src/lib/remote-xpc',
);

/** The same value for both codecs, and how the other one gives it back, where that differs. */
interface Pair {
  readonly ours: XpcSendable;
  readonly theirs: unknown;
  readonly decoded: unknown;
}

const same = (ours: XpcSendable, theirs: unknown, decoded: unknown = theirs): Pair => ({
  ours,
  theirs,
  decoded,
});

function pairs(UuidClass: new (text: string) => unknown): fc.Arbitrary<Pair> {
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  const scalar: fc.Arbitrary<Pair> = fc.oneof(
    fc.constant(same(null, null)),
    fc.boolean().map((value) => same(value, value)),
    fc.bigInt({ min: -safe, max: safe }).map((value) => same(value, Number(value))),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map((value) => same(uint64(value), value)),
    fc.double({ noNaN: true, noInteger: true }).map((value) => same(value, value)),
    fc
      .date({ noInvalidDate: true, min: new Date('1700-01-01'), max: new Date('2200-01-01') })
      .map((value) => same(date(value), value)),
    fc.uint8Array({ maxLength: 80 }).map((value) => same(value, Buffer.from(value))),
    text(60).map((value) => same(value, value)),
    fc
      .uuid()
      .map((value) =>
        same(
          new XpcUuid(Uint8Array.from(Buffer.from(value.replaceAll('-', ''), 'hex'))),
          new UuidClass(value),
          value,
        ),
      ),
  );
  // Keys that look like integers are reordered, and `__proto__` is dropped, by the other codec.
  const key = text(30).filter((name) => !/^\d+$/.test(name) && name !== '__proto__');
  const tree = fc.letrec<{ any: Pair; dictionary: Pair }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      { weight: 6, arbitrary: scalar },
      {
        weight: 1,
        arbitrary: fc.array(tie('any'), { maxLength: 5 }).map((items) =>
          same(
            items.map(({ ours }) => ours),
            items.map(({ theirs }) => theirs),
            items.map(({ decoded }) => decoded),
          ),
        ),
      },
      { weight: 1, arbitrary: tie('dictionary') },
    ),
    dictionary: fc
      .uniqueArray(fc.tuple(key, tie('any')), { selector: ([name]) => name, maxLength: 12 })
      .map((entries) =>
        same(
          Object.fromEntries(entries.map(([name, { ours }]) => [name, ours])),
          Object.fromEntries(entries.map(([name, { theirs }]) => [name, theirs])),
          Object.fromEntries(entries.map(([name, { decoded }]) => [name, decoded])),
        ),
      ),
  }));
  return tree.dictionary;
}

describe('appium-ios-remotexpc 5.19.0', async () => {
  if (!existsSync(DIRECTORY)) {
    throw new Error('the oracle is not installed: npm ci --prefix test/oracle --ignore-scripts');
  }
  const load = (file: string) => import(pathToFileURL(join(DIRECTORY, file)).href) as Promise<unknown>;
  const oracle = (await load('xpc-protocol.js')) as Oracle;
  const { XPCUUID } = (await load('xpc-uuid.js')) as { XPCUUID: new (text: string) => unknown };
  const values = pairs(XPCUUID);

  it('encodes to the same bytes', () => {
    fc.assert(
      fc.property(values, ({ ours, theirs }) => {
        const { body } = unwrap(Uint8Array.from(oracle.encodeMessage({ flags: 0x101, id: 1, body: theirs })));
        expect(hexOf(serialize(ours as { [key: string]: XpcValue }))).toBe(hexOf(body as Uint8Array));
      }),
      { numRuns: 400 },
    );
  });

  it('writes what this codec decodes, and this codec encodes it to the same bytes again', () => {
    fc.assert(
      fc.property(values, ({ theirs }) => {
        const { body } = unwrap(Uint8Array.from(oracle.encodeMessage({ flags: 0x101, id: 1, body: theirs })));
        expect(hexOf(serialize(deserialize(body as Uint8Array)))).toBe(hexOf(body as Uint8Array));
      }),
      { numRuns: 400 },
    );
  });

  it('decodes what this codec writes', () => {
    fc.assert(
      fc.property(values, ({ ours, decoded }) => {
        const frame = Buffer.from(wrap(0x101, 1n, serialize(ours as { [key: string]: XpcValue })));
        expect(plain(oracle.decodeMessage(frame).message.body)).toEqual(plain(decoded));
      }),
      { numRuns: 400 },
    );
  });
});

/** Both sides in one notation: the other codec gives a number or a bigint by size, and UUIDs as 32 digits. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  if (typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value))
    return value.replaceAll('-', '');
  if (value instanceof Uint8Array) return hexOf(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
