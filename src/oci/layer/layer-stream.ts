/** A layer's tar archive out of its blob: unpacked, checked on both sides, and bounded. */

import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { LaunchportError } from '../../base/index.js';
import type { ImageLimits } from '../limits.js';
import { limitError } from '../limits.js';
import type { Compression } from '../schema.js';
import { asInvalid } from '../tar/tar-reader.js';

const CHUNK_BYTES = 128 * 1024;

/**
 * The bytes that `chunks` are packed from. The end comes only after the end of `chunks`.
 * @throws LaunchportError ERR_IMAGE_INVALID for what is not packed so, ERR_UNSUPPORTED for zstd with an old Node
 */
export async function* decompressed(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  if (compression === 'none') {
    yield* chunks;
    return;
  }
  const unpacker = compression === 'gzip' ? zlib.createGunzip({ chunkSize: CHUNK_BYTES }) : zstd(what);
  // Not a pipeline: that ends with the packed data, and what stands behind it is part of the blob and its digest, too.
  const feeding = feed(chunks, unpacker);
  feeding.catch((error: Error) => unpacker.destroy(error));
  try {
    for await (const chunk of unpacker) yield chunk as Uint8Array;
    await feeding;
  } catch (error) {
    throw asInvalid(what, error);
  } finally {
    unpacker.destroy();
    await feeding.catch(() => {});
  }
}

/** Writes all to `unpacker`, or reads on without it once it has ended by itself; stops when it is destroyed. */
async function feed(chunks: AsyncIterable<Uint8Array>, unpacker: Transform): Promise<void> {
  let hasEnded = false;
  unpacker.once('end', () => {
    hasEnded = true;
  });
  const closed = new Promise<void>((resolve) => unpacker.once('close', resolve));
  for await (const chunk of chunks) {
    if (hasEnded) continue;
    if (unpacker.destroyed) return;
    const written = new Promise<void>((resolve) => unpacker.write(chunk, () => resolve()));
    // Of one that is destroyed, some writes are never answered.
    await Promise.race([written, closed]);
  }
  if (!hasEnded) unpacker.end();
}

/** How bytes are packed, by how they begin. */
export function sniffCompression(begin: Uint8Array): Compression {
  if (begin[0] === 0x1f && begin[1] === 0x8b) return 'gzip';
  const isZstd = begin[0] === 0x28 && begin[1] === 0xb5 && begin[2] === 0x2f && begin[3] === 0xfd;
  return isZstd ? 'zstd' : 'none';
}

/** Passes at most `maxLayerBytes` on. */
export async function* bounded(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
  limit: 'maxLayerBytes' | 'maxImageBytes',
  limits: ImageLimits,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > limits[limit]) throw limitError(what, limit, limits);
    yield chunk;
  }
}

/** Node has it from 22.15 on. */
function zstd(what: string): Transform {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => Transform };
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize: CHUNK_BYTES });
  throw new LaunchportError(
    'ERR_UNSUPPORTED',
    `${what} is packed with zstd, which Node ${process.version} cannot unpack`,
    { hint: 'Use Node 22.15 or newer, or pack it with gzip: skopeo copy --dest-compress-format gzip.' },
  );
}
