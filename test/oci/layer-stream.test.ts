/** Packed layers: all of their bytes are seen, whatever stands in them, and files are closed. */
import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { expect, it } from 'vitest';
import { bounded, decompressed, sniffCompression } from '../../src/oci/layer/layer-stream.js';
import { DEFAULT_IMAGE_LIMITS } from '../../src/oci/limits.js';
import type { Compression } from '../../src/oci/schema.js';
import { inPieces } from '../helpers/image-place.js';
import { rejectionOf } from '../helpers/thrown.js';

const DATA = Buffer.concat([randomBytes(300_000), Buffer.alloc(300_000)]);

/** Unpacks, and tells how many bytes of the source were seen and whether it was closed. */
async function unpack(
  data: Uint8Array,
  compression: Compression = 'gzip',
  stopAfter = Number.POSITIVE_INFINITY,
) {
  const seen = { bytes: 0, isClosed: false };
  const source = async function* () {
    try {
      for await (const chunk of inPieces(data, 10_000)) {
        seen.bytes += chunk.length;
        yield chunk;
      }
    } finally {
      seen.isClosed = true;
    }
  };
  const parts: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const chunk of decompressed('layer', source(), compression)) {
      parts.push(chunk);
      if (Buffer.concat(parts).length >= stopAfter) break;
    }
  } catch (caught) {
    error = caught;
  }
  return { ...seen, content: Buffer.concat(parts), error };
}

const { zstdCompressSync } = zlib as { zstdCompressSync?: (data: Uint8Array) => Buffer };

it.each([
  ['plain', DATA, 'none'],
  ['gzip', zlib.gzipSync(DATA), 'gzip'],
  [
    'gzip of several members',
    Buffer.concat([DATA.subarray(0, 7), DATA.subarray(7)].map((part) => zlib.gzipSync(part))),
    'gzip',
  ],
  ['gzip with filling behind it', Buffer.concat([zlib.gzipSync(DATA), Buffer.alloc(500_000)]), 'gzip'],
  ...(zstdCompressSync === undefined ? [] : [['zstd', zstdCompressSync(DATA), 'zstd'] as const]),
] as const)('%s is unpacked, and read to its end', async (_, packed, compression) => {
  expect(sniffCompression(packed)).toBe(compression);
  const { bytes, isClosed, content, error } = await unpack(packed, compression);
  expect(error).toBeUndefined();
  expect(content.equals(DATA)).toBe(true);
  expect(bytes).toBe(packed.length);
  expect(isClosed).toBe(true);
});

it.each([
  ['cut off', zlib.gzipSync(DATA).subarray(0, 200_000)],
  ['changed', Buffer.from(zlib.gzipSync(DATA)).fill(0, 100_000, 100_100)],
  ['followed by something else', Buffer.concat([zlib.gzipSync(DATA), Buffer.alloc(500_000, 1)])],
  ['something else', randomBytes(1000)],
  ['nothing', Buffer.alloc(0)],
])('what is %s is refused', async (_, packed) => {
  const { isClosed, error } = await unpack(packed);
  expect(error).toMatchObject({ code: 'ERR_IMAGE_INVALID' });
  expect(isClosed).toBe(true);
});

it('who stops early closes the source', async () => {
  const { isClosed, error, content } = await unpack(zlib.gzipSync(DATA), 'gzip', 1);
  expect(error).toBeUndefined();
  expect(content.length).toBeGreaterThan(0);
  expect(isClosed).toBe(true);
});

it('a small layer that unpacks to something huge is ended at the limit', async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(50_000_000));
  expect(bomb.length).toBeLessThan(100_000);
  const limits = { ...DEFAULT_IMAGE_LIMITS, maxLayerBytes: 1_000_000 };
  const read = async () => {
    let size = 0;
    const chunks = decompressed('layer', inPieces(bomb), 'gzip');
    for await (const chunk of bounded('layer', chunks, 'maxLayerBytes', limits)) size += chunk.length;
    return size;
  };
  expect(await rejectionOf(read())).toMatchObject({
    code: 'ERR_IMAGE_LIMIT',
    details: { limit: 'maxLayerBytes' },
  });
});
