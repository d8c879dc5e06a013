/**
 * Room for data values copied out of a buffer that is used again. An ArrayBuffer of its own costs a small value more
 * than everything else about its message (measured on Node 20), so small values share larger ones.
 */

/** Bytes shared by neighbouring values. The last of them to be dropped frees all. */
const SLAB_BYTES = 64 * 1024;

/** Up to this length a loop over the bytes beats `TypedArray.slice`. */
const MAX_LOOP_BYTES = 12;

/** V8 keeps arrays up to this many bytes on its own heap, which is cheaper still. */
const MAX_ON_HEAP_BYTES = 64;

/** Longer values get an ArrayBuffer of their own. */
const MAX_SHARED_BYTES = 8 * 1024;

let slab = new Uint8Array(0);
let used = 0;

/**
 * A copy of `byteLength` bytes at `start`. From 65 bytes to 8 KiB its `buffer` is shared with other values: use
 * `byteOffset` and `byteLength`. A shared buffer cannot be transferred to a worker, only copied.
 */
export function copyData(source: Uint8Array, start: number, byteLength: number): Uint8Array {
  if (byteLength <= MAX_LOOP_BYTES) {
    const copy = new Uint8Array(byteLength);
    for (let i = 0; i < byteLength; i++) copy[i] = source[start + i] as number;
    return copy;
  }
  const end = start + byteLength;
  if (byteLength <= MAX_ON_HEAP_BYTES || byteLength > MAX_SHARED_BYTES) return source.slice(start, end);
  if (used + byteLength > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    // Loaded when needed: it takes a starting process 4 ms.
    process.getBuiltinModule('node:worker_threads').markAsUntransferable(slab.buffer);
    used = 0;
  }
  slab.set(source.subarray(start, end), used);
  const copy = new Uint8Array(slab.buffer, used, byteLength);
  // Typed arrays over the slab stay aligned to 8 bytes.
  used = (used + byteLength + 7) & ~7;
  return copy;
}
