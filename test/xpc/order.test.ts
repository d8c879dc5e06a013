/** The order of libxpc. */
import { describe, expect, it } from 'vitest';
import { libxpcBucket, libxpcOrder } from '../../src/xpc/order.js';

describe('the bucket of a key', () => {
  it('is the one seen in a capture of macOS 10.14', () => {
    const keys = [
      'fd',
      'connection',
      'string',
      'double',
      'data',
      'uint64',
      'bool',
      'value',
      'int64',
      'uuid',
      'date',
    ];
    expect(keys.map(libxpcBucket)).toEqual([0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 6]);
  });

  it('of an error text is 0', () => {
    expect(libxpcBucket('XPCErrorDescription')).toBe(0);
  });

  it('takes bytes as signed and wraps at 64 bits', () => {
    // 5381 * 33 - 61 and so on: é is the bytes -61, -87.
    expect(libxpcBucket('é')).toBe(Number(((5381n * 33n - 61n) * 33n - 87n) % 7n));
    let hash = 5381n;
    for (let i = 0; i < 40; i++) hash = (hash * 33n + 122n) % 2n ** 64n;
    expect(libxpcBucket('z'.repeat(40))).toBe(Number(hash % 7n));
  });
});

it('puts a later entry in front of earlier ones of its bucket', () => {
  const entries = ['value', 'fd', 'int64', 'connection'].map((key) => [key, null] as const);
  expect(libxpcOrder(entries).map(([key]) => key)).toEqual(['connection', 'fd', 'int64', 'value']);
});
