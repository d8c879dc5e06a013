/** The value classes and what can be sent. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  date,
  deserialize,
  isDictionary,
  serialize,
  uint64,
  uuid,
  XpcDate,
  type XpcMessage,
  XpcPortRight,
  XpcRawString,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from '../../src/xpc/index.js';
import { thrownBy } from '../helpers/thrown.js';

/** What arrives when `value` is sent. */
function sent(value: unknown): XpcValue | undefined {
  return deserialize(serialize({ value } as XpcMessage)).value;
}

const refused = (value: unknown) => thrownBy(() => sent(value));

describe('integers', () => {
  it('bigint is int64, to both ends and no further', () => {
    expect(sent(-(2n ** 63n))).toBe(-(2n ** 63n));
    expect(sent(2n ** 63n - 1n)).toBe(2n ** 63n - 1n);
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n])
      expect(refused(value).code).toBe('ERR_XPC_VALUE');
    expect(refused(2n ** 63n).hint).toContain('uint64');
  });

  it('uint64 is a type of its own', () => {
    expect(sent(uint64(7))).toStrictEqual(new XpcUint64(7n));
    expect(sent(uint64(2n ** 64n - 1n))).toStrictEqual(new XpcUint64(2n ** 64n - 1n));
    expect(String(uint64(12))).toBe('12');
    for (const value of [-1n, 2n ** 64n, -1, 1.5, 2 ** 53, Number.NaN]) {
      expect(thrownBy(() => uint64(value)).code, String(value)).toBe('ERR_XPC_VALUE');
    }
  });

  it('number is always a double', () => {
    for (const value of [1, -0, 0.1, Number.NaN, Number.NEGATIVE_INFINITY]) expect(sent(value)).toBe(value);
  });
});

describe('dates', () => {
  it('keep nanoseconds', () => {
    expect(sent(date(1_759_320_000_123_456_789n))).toStrictEqual(new XpcDate(1_759_320_000_123_456_789n));
  });

  it('a Date is sent with its milliseconds', () => {
    const now = new Date(1_759_320_000_123);
    expect(sent(now)).toStrictEqual(date(now));
    expect(date(now).toDate()).toStrictEqual(now);
  });

  it('become a Date rounded down, before 1970 too', () => {
    expect(date(-1n).toDate().getTime()).toBe(-1);
    expect(date(-1_000_000n).toDate().getTime()).toBe(-1);
    expect(date(-1_000_001n).toDate().getTime()).toBe(-2);
    expect(date(1_999_999n).toDate().getTime()).toBe(1);
  });

  it('invalid or out of range are refused', () => {
    expect(refused(new Date(Number.NaN)).code).toBe('ERR_XPC_VALUE');
    expect(refused(new Date(8.64e15)).code).toBe('ERR_XPC_VALUE');
    expect(thrownBy(() => date(2n ** 63n)).code).toBe('ERR_XPC_VALUE');
  });
});

describe('UUIDs', () => {
  const text = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

  it('are written and read as text', () => {
    expect(String(uuid(text))).toBe(text);
    expect(uuid(text.toUpperCase())).toStrictEqual(uuid(text));
    expect(uuid(text.replaceAll('-', ''))).toStrictEqual(uuid(text));
    expect(sent(uuid(text))).toStrictEqual(uuid(text));
  });

  it('of bytes are a copy', () => {
    const bytes = new Uint8Array(16);
    const made = uuid(bytes);
    bytes.fill(1);
    expect(String(made)).toBe('00000000-0000-0000-0000-000000000000');
  });

  it('of anything else are refused', () => {
    for (const value of ['', 'x', `${text}0`, text.replace('-', ''), new Uint8Array(15)]) {
      expect(thrownBy(() => uuid(value)).code).toBe('ERR_XPC_VALUE');
    }
    expect(thrownBy(() => new XpcUuid(new Uint8Array(17))).code).toBe('ERR_XPC_VALUE');
  });
});

describe('strings', () => {
  it('with a NUL or half a surrogate pair are refused, short or long, as value or key', () => {
    for (const bad of ['a\0b', '\ud800', `${'x'.repeat(100)}\0`, `${'x'.repeat(100)}\udfff`, '\0']) {
      expect(refused(bad).code).toBe('ERR_XPC_VALUE');
      expect(refused(bad).hint).toContain('Uint8Array');
      expect(thrownBy(() => serialize({ [bad]: null })).code).toBe('ERR_XPC_VALUE');
    }
  });

  it('raw ones hold no NUL and show what can be shown', () => {
    expect(String(new XpcRawString(Uint8Array.of(0x61, 0xff)))).toBe('a\ufffd');
    expect(thrownBy(() => new XpcRawString(Uint8Array.of(0x61, 0))).code).toBe('ERR_XPC_VALUE');
  });

  it('a raw one that is UTF-8 arrives as text', () => {
    expect(sent(new XpcRawString(Buffer.from('héllo')))).toBe('héllo');
  });
});

describe('containers', () => {
  it('a Map, a plain object and an object without prototype are dictionaries', () => {
    const bare = Object.assign(Object.create(null), { a: 1n });
    for (const value of [{ a: 1n }, bare, new Map([['a', 1n]])])
      expect({ ...(sent(value) as object) }).toEqual({ a: 1n });
  });

  it('of another realm are taken', () => {
    const foreign = runInNewContext('({ list: [new Uint8Array([1, 2]), { a: "b" }] })');
    const list = (sent(foreign) as { list: readonly XpcValue[] }).list;
    expect(list[0]).toStrictEqual(Uint8Array.of(1, 2));
    expect({ ...(list[1] as object) }).toEqual({ a: 'b' });
  });

  it('a Map keeps the order of keys that look like integers', () => {
    const keys = (message: XpcMessage) =>
      Buffer.from(serialize(message))
        .toString('latin1')
        .match(/[ab12]/g)
        ?.join('');
    expect(
      keys(
        new Map([
          ['b', null],
          ['2', null],
          ['1', null],
        ]),
      ),
    ).toBe('b21');
  });

  it('received ones have no prototype', () => {
    const small = deserialize(serialize({ a: {} }));
    const large = deserialize(
      serialize(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, null]))),
    );
    for (const dictionary of [small, small.a, large]) {
      expect(Object.getPrototypeOf(dictionary)).toBeNull();
      expect(isDictionary(dictionary)).toBe(true);
    }
    for (const other of [null, undefined, [], 'x', new Uint8Array(0), uint64(1)])
      expect(isDictionary(other)).toBe(false);
  });

  it('with holes or undefined are refused, not shortened', () => {
    const error = refused({ list: [null, undefined] });
    expect(error.code).toBe('ERR_XPC_VALUE');
    expect(error.message).toContain('undefined has no XPC type (at value → list → 1)');
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested.
    expect(refused([1, , 2]).code).toBe('ERR_XPC_VALUE');
  });

  it('instances of classes are refused and named', () => {
    class Thing {}
    expect(refused(new Thing()).message).toContain('class Thing');
    for (const value of [
      new Set(),
      /x/,
      new Error('x'),
      new ArrayBuffer(1),
      new Float64Array(1),
      () => 1,
      Symbol('s'),
    ]) {
      expect(refused(value).code).toBe('ERR_XPC_VALUE');
    }
  });

  it('a message that is none, and a key that is no string, are mistakes of the program', () => {
    for (const wrong of [null, undefined, 'x', 1, [], uint64(1), new Uint8Array(1)]) {
      expect(() => serialize(wrong as never)).toThrow(TypeError);
    }
    expect(() => serialize(new Map([[1, null]]) as never)).toThrow(TypeError);
  });
});

describe('descriptors', () => {
  it('go through in the Mach form, numbered as they are encoded', () => {
    const message = {
      fd: new XpcPortRight('fd', 0),
      list: [new XpcPortRight('shmem', 1, 4096n), new XpcPortRight('mach send', 2)],
      endpoint: new XpcPortRight('endpoint', 3),
    };
    expect({ ...deserialize(serialize(message, { form: 'mach' }), { form: 'mach' }) }).toStrictEqual(message);
  });

  it('with another number are refused', () => {
    const error = thrownBy(() => serialize({ fd: new XpcPortRight('fd', 1) }, { form: 'mach' }));
    expect(error.code).toBe('ERR_XPC_VALUE');
  });

  it('are not supported in the bare form', () => {
    expect(refused(new XpcPortRight('fd', 0)).code).toBe('ERR_UNSUPPORTED');
  });

  it('have a byte length when they are shared memory, and only then', () => {
    expect(() => new XpcPortRight('shmem', 0)).toThrow(TypeError);
    expect(() => new XpcPortRight('fd', 0, 1n)).toThrow(TypeError);
    expect(() => new XpcPortRight('fd', -1)).toThrow(RangeError);
  });
});

describe('data', () => {
  it('is copied by default and a view on request', () => {
    const bytes = serialize({ data: new Uint8Array(200).fill(3) });
    const copy = deserialize(bytes).data as Uint8Array;
    const view = deserialize(bytes, { isReused: false }).data as Uint8Array;
    bytes.fill(9);
    expect(copy[0]).toBe(3);
    expect(view[0]).toBe(9);
    expect([view.constructor, copy.constructor]).toEqual([Uint8Array, Uint8Array]);
  });

  it('copies that share a buffer do not overlap', () => {
    const sizes = Array.from({ length: 400 }, (_, i) => 65 + ((i * 37) % 900));
    const copies = sizes.map((size, i) => sent(new Uint8Array(size).fill(i)) as Uint8Array);
    copies.forEach((copy, i) => {
      expect(copy).toStrictEqual(new Uint8Array(sizes[i] as number).fill(i));
    });
  });
});
