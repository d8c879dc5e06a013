/** What the decoder says to bytes that no writer of XPC makes, or only a strange one. */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/base/index.js';
import {
  deserialize,
  isDictionary,
  serialize,
  XpcRawString,
  XpcRichError,
  type XpcValue,
} from '../../src/xpc/index.js';
import { bytesOf, hexOf, MALFORMED_VECTORS } from '../helpers/tagged-value.js';
import { thrownBy } from '../helpers/thrown.js';

/** A verdict for each vector: the values of "v", or the error's code. Follows `apple_expected` where it is known. */
const VERDICTS: Readonly<Record<string, ErrorCode | { readonly [key: string]: XpcValue }>> = {
  bad_magic: 'ERR_XPC_MALFORMED',
  bad_version: 'ERR_XPC_MALFORMED',
  string_no_nul: 'ERR_XPC_MALFORMED',
  string_embedded_nul: 'ERR_XPC_MALFORMED',
  unknown_type_1e000: 'ERR_XPC_MALFORMED',
  type_zero: 'ERR_XPC_MALFORMED',
  count_too_big: 'ERR_XPC_MALFORMED',
  dict_len_too_small: { v: null },
  dup_key: { v: false },
  proto_key: { ['__proto__']: true },
  bool_ff: { v: true },
  bool_0x100: { v: true },
};

const HEADER = '4237134205000000';

/** A message with the one key "v" whose value is these bytes. */
function withValue(hex: string): Uint8Array {
  const length = (12 + hex.length / 2 - 4).toString(16).padStart(2, '0');
  return bytesOf(`${HEADER}00f00000${length}000000${'01000000'}76000000${hex}`);
}

it('has a verdict for every vector', () => {
  expect(Object.keys(VERDICTS).sort()).toEqual(MALFORMED_VECTORS.map(({ name }) => name).sort());
});

describe.each(MALFORMED_VECTORS)('$name: $description', ({ name, hex, apple_expected }) => {
  const verdict = VERDICTS[name];
  const bytes = bytesOf(hex);

  it(
    typeof verdict === 'string'
      ? `is refused (Apple: ${apple_expected})`
      : `is taken (Apple: ${apple_expected})`,
    () => {
      if (typeof verdict === 'string') {
        const error = thrownBy(() => deserialize(bytes));
        expect(error.code).toBe(verdict);
        expect(error.details.offset).toBeTypeOf('number');
      } else {
        const decoded = deserialize(bytes);
        expect(Object.entries(decoded)).toEqual(Object.entries(verdict ?? {}));
      }
    },
  );

  it('has the verdict of Apple, where that is known', () => {
    expect(apple_expected.startsWith('reject')).toBe(typeof verdict === 'string');
  });
});

describe('type words', () => {
  it('within the table and with a low byte become null, and only the word is skipped', () => {
    for (const word of ['01b00000', '01300000', 'ffdf0100', '01600000']) {
      expect({ ...deserialize(withValue(word)) }, word).toEqual({ v: null });
    }
  });

  it('that applications cannot send are malformed', () => {
    for (const word of [
      '00600000',
      '00000100',
      '00100100',
      '00300100',
      '00a00100',
      '00c00100',
      '00310000',
      '01e00100',
    ]) {
      expect(thrownBy(() => deserialize(withValue(`${word}${'00'.repeat(32)}`))).code, word).toBe(
        'ERR_XPC_MALFORMED',
      );
    }
  });

  it('of descriptors are malformed in the bare form', () => {
    for (const word of ['00b00000', '00c00000', '00d00000', '00200100']) {
      expect(thrownBy(() => deserialize(withValue(`${word}${'00'.repeat(8)}`))).code, word).toBe(
        'ERR_XPC_MALFORMED',
      );
    }
  });
});

describe('strings', () => {
  it('that are not UTF-8 become raw strings and survive a round trip', () => {
    const bytes = withValue('0090000005000000ff666f8000000000');
    const { v } = deserialize(bytes);
    expect(v).toStrictEqual(new XpcRawString(Uint8Array.of(0xff, 0x66, 0x6f, 0x80)));
    expect(hexOf(serialize({ v: v as XpcValue }))).toBe(hexOf(bytes));
  });

  it('with the replacement character itself are text', () => {
    const text = 'a \ufffd b';
    expect(deserialize(serialize({ v: text })).v).toBe(text);
  });

  it('of length 0, which lack even the NUL, are malformed', () => {
    expect(thrownBy(() => deserialize(withValue('0090000000000000'))).code).toBe('ERR_XPC_MALFORMED');
  });

  it('may have any padding', () => {
    expect(deserialize(withValue('0090000002000000' + '6100ffff')).v).toBe('a');
  });
});

describe('rich errors', () => {
  const richError = (length: string, canRetry: string, textLength: string, text: string) =>
    withValue(`00c00100${length}000000${canRetry}000000${textLength}00000000000000${text}`);

  it.each([
    ['01', true],
    ['00', false],
  ])('are read in both forms (can retry: %s)', (canRetry, expected) => {
    const bytes = richError('0f', canRetry, '02', '6e6f0000');
    const mach = Uint8Array.from(bytes);
    mach.set([0x43, 0x50, 0x58, 0x40]);
    for (const { v } of [deserialize(bytes), deserialize(mach, { form: 'mach' })]) {
      expect(v).toStrictEqual(new XpcRichError('no', expected));
      expect(String(v)).toBe('no');
    }
  });

  it.each([
    ['whose lengths do not agree', richError('0f', '00', '03', '6e6f0000')],
    ['with a length that is too short', richError('0c', '00', '00', '00000000')],
    ['without the NUL', richError('0f', '00', '02', '6e6f6f6f')],
    ['with a NUL inside', richError('0f', '00', '02', '6e000000')],
    ['cut off', richError('1f', '00', '12', '6e6f0000')],
  ])('%s are malformed', (_what, bytes) => {
    expect(thrownBy(() => deserialize(bytes)).code).toBe('ERR_XPC_MALFORMED');
  });
});

describe('keys', () => {
  it('that are not UTF-8 are malformed', () => {
    const error = thrownBy(() => deserialize(bytesOf(`${HEADER}00f000000c00000001000000ff00000000100000`)));
    expect(error.code).toBe('ERR_XPC_MALFORMED');
    expect(error.details.offset).toBe(20);
  });

  it('may have any padding, also when the same key was seen before', () => {
    for (const key of ['61000000', '61000000', '61000000', '6100ffff', '610000ff', '61000000']) {
      const decoded = deserialize(bytesOf(`${HEADER}00f000000c00000001000000${key}00100000`));
      expect(Object.entries(decoded), key).toEqual([['a', null]]);
    }
  });

  it('without an end are malformed', () => {
    const error = thrownBy(() => deserialize(bytesOf(`${HEADER}00f000000c000000010000006161616161616161`)));
    expect(error.code).toBe('ERR_XPC_MALFORMED');
  });

  it('named __proto__ are ordinary and change nothing else', () => {
    const decoded = deserialize(serialize(new Map([['__proto__', new Map([['polluted', true]])]])));
    expect(Object.getPrototypeOf(decoded)).toBeNull();
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(isDictionary(Object.getOwnPropertyDescriptor(decoded, '__proto__')?.value)).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('bytes around the message', () => {
  it('behind it are ignored', () => {
    expect({ ...deserialize(bytesOf(`${HEADER}00f000000400000000000000deadbeef`)) }).toEqual({});
  });

  it('of padding in data are ignored', () => {
    expect(deserialize(withValue('008000000100000007ffffff')).v).toStrictEqual(Uint8Array.of(7));
  });

  it('of a message whose length is not a multiple of 4 are still bounded', () => {
    expect(thrownBy(() => deserialize(bytesOf(`${HEADER}00f0000004000000000000`))).code).toBe(
      'ERR_XPC_MALFORMED',
    );
  });

  it('may start anywhere in a buffer', () => {
    const bytes = serialize({ a: 1n, s: 'text', d: Uint8Array.of(1, 2, 3) });
    const buffer = new Uint8Array(bytes.length + 1);
    buffer.set(bytes, 1);
    expect({ ...deserialize(buffer.subarray(1), { isReused: false }) }).toEqual({ ...deserialize(bytes) });
  });
});
