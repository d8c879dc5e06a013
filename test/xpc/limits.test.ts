/** The limits of sender and receiver, and that no hostile length or count makes the receiver take memory. */
import { describe, expect, it } from 'vitest';
import { deserialize, serialize, type XpcSendable, type XpcValue } from '../../src/xpc/index.js';
import { bytesOf } from '../helpers/tagged-value.js';
import { thrownBy } from '../helpers/thrown.js';

const HEADER = '4237134205000000';

/** A message with this many containers inside one another, itself included. */
function nested(depth: number, kind: 'array' | 'dictionary'): { [key: string]: XpcSendable } {
  let value: XpcSendable = null;
  for (let i = 1; i < depth; i++) value = kind === 'array' ? [value] : { d: value };
  return { d: value };
}

/** The same in bytes, for depths that the encoder refuses. */
function nestedBytes(depth: number): Uint8Array {
  const open = '00f000000000000001000000' + '64000000';
  return bytesOf(`${HEADER}${open.repeat(depth)}00100000`);
}

function depthOf(value: XpcValue | undefined): number {
  let depth = 0;
  for (let at = value; typeof at === 'object' && at !== null; depth++) at = Object.values(at)[0] as XpcValue;
  return depth;
}

describe('nesting', () => {
  it.each(['array', 'dictionary'] as const)('of 512 containers goes through (%s)', (kind) => {
    expect(depthOf(deserialize(serialize(nested(512, kind))))).toBe(512);
    expect(depthOf(deserialize(nestedBytes(512)))).toBe(512);
  });

  it.each(['array', 'dictionary'] as const)('of 513 containers is refused by the sender (%s)', (kind) => {
    expect(thrownBy(() => serialize(nested(513, kind))).code).toBe('ERR_XPC_LIMIT');
  });

  it('of 513 containers, or a hundred thousand, is refused by the receiver', () => {
    expect(thrownBy(() => deserialize(nestedBytes(513))).code).toBe('ERR_XPC_LIMIT');
    expect(thrownBy(() => deserialize(nestedBytes(100_000))).code).toBe('ERR_XPC_LIMIT');
  });

  it('without end, a cycle, is refused by the sender, with the beginning of the path', () => {
    const message: Record<string, XpcSendable> = { a: null };
    message.a = [message];
    const error = thrownBy(() => serialize(message));
    expect(error.code).toBe('ERR_XPC_LIMIT');
    expect(error.hint).toContain('contains itself');
    expect(error.message).toContain('at a → 0 → a → 0');
  });

  it('of Maps counts too', () => {
    let map = new Map<string, XpcSendable>();
    for (let i = 1; i < 513; i++) map = new Map([['d', map]]);
    expect(thrownBy(() => serialize(map)).code).toBe('ERR_XPC_LIMIT');
  });
});

describe('counts', () => {
  it('of 2^24 and more array elements are refused by the receiver', () => {
    const error = thrownBy(() =>
      deserialize(bytesOf(`${HEADER}00f000000000000001000000${'61000000'}00e000000400000000000001`)),
    );
    expect(error.code).toBe('ERR_XPC_LIMIT');
    expect(error.details.offset).toBe(32);
  });

  it('of 2^24 and more array elements are refused by the sender', () => {
    const array = new Array<null>(2 ** 24);
    expect(thrownBy(() => serialize({ array })).code).toBe('ERR_XPC_LIMIT');
  });

  it.each([
    ['array', '00e00000', 'ffffff00'],
    ['dictionary', '00f00000', 'ffffffff'],
    ['dictionary', '00f00000', '02000000'],
  ])('that the bytes cannot hold are refused (%s)', (_kind, word, count) => {
    const value = `${word}ffffffff${count}0010000000100000`;
    const error = thrownBy(() =>
      deserialize(bytesOf(`${HEADER}00f000000000000001000000${'61000000'}${value}`)),
    );
    expect(error.code).toBe('ERR_XPC_MALFORMED');
  });

  it('just as large as the bytes go through', () => {
    const array = new Array<null>(100_000).fill(null);
    expect((deserialize(serialize({ array })).array as readonly null[]).length).toBe(100_000);
  });
});

describe('lengths', () => {
  it.each([
    ['data', '00800000'],
    ['string', '00900000'],
  ])('beyond the end are refused without taking memory (%s)', (_type, word) => {
    const before = process.memoryUsage().arrayBuffers;
    for (const length of ['ffffffff', 'fcffffff', 'ffffff7f', '00000080', '05000000']) {
      const bytes = bytesOf(`${HEADER}00f000000000000001000000${'61000000'}${word}${length}61626300`);
      expect(thrownBy(() => deserialize(bytes)).code, length).toBe('ERR_XPC_MALFORMED');
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('of large strings and data go through', () => {
    const data = new Uint8Array(1_000_001).fill(7);
    const message = { ascii: 'x'.repeat(300_000), wide: 'ü✓𝄞'.repeat(50_000), data };
    const decoded = deserialize(serialize(message));
    expect(decoded.ascii === message.ascii && decoded.wide === message.wide).toBe(true);
    expect(Buffer.compare(decoded.data as Uint8Array, data)).toBe(0);
  });

  it('of strings around the bounds of the fast paths go through', () => {
    for (let length = 0; length < 80; length++) {
      for (const unit of ['a', 'é', '✓']) {
        const text = unit.repeat(length);
        const message = { [text]: text, mixed: `${'a'.repeat(length)}é` };
        expect({ ...deserialize(serialize(message)) }).toStrictEqual(message);
      }
    }
  });

  it('of data around the bounds of the fast paths go through', () => {
    for (const length of [0, 1, 3, 4, 11, 12, 13, 63, 64, 65, 4095, 8191, 8192, 8193, 70_000]) {
      const data = Uint8Array.from({ length }, (_, i) => i * 7);
      expect(deserialize(serialize({ data })).data).toStrictEqual(data);
    }
  });
});
