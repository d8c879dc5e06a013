/** Properties of the codec over the whole space of values. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { Encoder } from '../../src/xpc/encoder.js';
import { deserialize, serialize, type XpcDictionary, type XpcSendable } from '../../src/xpc/index.js';
import { measureMessage } from '../../src/xpc/measure.js';
import { hexOf } from '../helpers/tagged-value.js';
import { dictionary } from '../helpers/xpc-arbitraries.js';

/** The verdict on some bytes: the value, or the error, which must be one of the two that are documented. */
function verdict(bytes: Uint8Array): XpcDictionary | undefined {
  try {
    return deserialize(bytes);
  } catch (error) {
    expect(isLaunchportError(error, 'ERR_XPC_MALFORMED', 'ERR_XPC_LIMIT')).toBe(true);
    return undefined;
  }
}

/** Vitest's own equality takes a key `constructor` for the class of an object. */
function expectSame(actual: XpcDictionary, expected: XpcDictionary): void {
  expect(isDeepStrictEqual(actual, expected)).toBe(true);
}

describe('round trip', () => {
  it('gives the same value', () => {
    fc.assert(
      fc.property(dictionary, (value) => {
        expectSame(deserialize(serialize(value)), value);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same bytes, whichever way data is decoded', () => {
    fc.assert(
      fc.property(dictionary, fc.boolean(), (value, isReused) => {
        const bytes = serialize(value);
        expect(hexOf(serialize(deserialize(bytes, { isReused })))).toBe(hexOf(bytes));
      }),
    );
  });

  it('gives the same value in the order of libxpc and in the Mach form', () => {
    fc.assert(
      fc.property(dictionary, (value) => {
        expectSame(deserialize(serialize(value, { order: 'libxpc' })), value);
        expectSame(deserialize(serialize(value, { form: 'mach' }), { form: 'mach' }), value);
      }),
    );
  });

  it('does not alias a buffer that is reused', () => {
    fc.assert(
      fc.property(dictionary, (value) => {
        const bytes = serialize(value);
        const decoded = deserialize(bytes, { isReused: true });
        bytes.fill(0xaa);
        expectSame(decoded, value);
      }),
    );
  });
});

describe('the encoder', () => {
  it('fits exactly into as many bytes as measured, and into no fewer', () => {
    fc.assert(
      fc.property(dictionary, (value) => {
        const byteLength = measureMessage(value);
        expect(new Encoder(new ArrayBuffer(byteLength)).encode(value, 0)).toBe(byteLength);
        expect(new Encoder(new ArrayBuffer(byteLength - 4)).encode(value, 0)).toBe(-1);
      }),
    );
  });

  it('writes nothing before its offset, and nothing but zeros into padding', () => {
    fc.assert(
      fc.property(dictionary, fc.integer({ min: 0, max: 5 }), (value, words) => {
        const byteLength = measureMessage(value);
        const buffer = new ArrayBuffer(words * 4 + byteLength + 8);
        new Uint8Array(buffer).fill(0xaa);
        expect(new Encoder(buffer).encode(value, words * 4)).toBe(words * 4 + byteLength);
        expect(hexOf(new Uint8Array(buffer, words * 4, byteLength))).toBe(hexOf(serialize(value)));
        expect(hexOf(new Uint8Array(buffer, 0, words * 4))).toBe('aa'.repeat(words * 4));
      }),
    );
  });

  it('refuses a value without a type wherever it is, and says where', () => {
    const wrong = fc.constantFrom<unknown>(
      undefined,
      Symbol('s'),
      () => 0,
      new (class Thing {})(),
      2n ** 63n,
      'a\0b',
    );
    fc.assert(
      fc.property(dictionary, wrong, (value, bad) => {
        const message = { ...value, list: [null, { bad }] } as unknown as Record<string, XpcSendable>;
        let caught: unknown;
        try {
          serialize(message);
        } catch (error) {
          caught = error;
        }
        expect(isLaunchportError(caught, 'ERR_XPC_VALUE')).toBe(true);
        expect((caught as { details: object }).details).toMatchObject({ path: ['list', 1, 'bad'] });
      }),
    );
  });
});

describe('the decoder', () => {
  it('refuses a message cut off at any byte', () => {
    fc.assert(
      fc.property(dictionary, (value) => {
        const bytes = serialize(value);
        // Every cut of a small message, and some of a large one.
        const step = Math.max(1, Math.floor(bytes.length / 400));
        for (let length = 0; length < bytes.length; length += step) {
          expect(verdict(bytes.slice(0, length))).toBeUndefined();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes or refuses bytes with random changes, and never fails in another way', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff)));
    fc.assert(
      fc.property(dictionary, fc.array(change, { minLength: 1, maxLength: 6 }), (value, changes) => {
        const bytes = serialize(value);
        for (const [position, byte] of changes) bytes[position % bytes.length] = byte;
        const decoded = verdict(bytes);
        // What it takes can be sent on.
        if (decoded !== undefined) serialize(decoded);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes or refuses any bytes behind a good header', () => {
    const header = serialize({}).subarray(0, 12);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        verdict(Uint8Array.from([...header, ...tail]));
      }),
      { numRuns: 1000 },
    );
  });
});
