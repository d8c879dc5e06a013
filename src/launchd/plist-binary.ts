/**
 * A check of binary property lists before they are decoded. Objects refer to each other by number, so a small file
 * can describe a cycle, or an array that unfolds to billions of elements; the decoder would never come back.
 */

const HEADER_BYTES = 8;
const TRAILER_BYTES = 32;
/** Most objects after unfolding. */
const MAX_OBJECTS = 100_000;
const MAX_DEPTH = 64;

/** @throws Error saying what is wrong with the file */
export function assertBinaryPlist(bytes: Uint8Array): void {
  if (bytes.length < HEADER_BYTES + TRAILER_BYTES) throw new Error('truncated binary property list');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trailer = bytes.length - TRAILER_BYTES;
  const offsetSize = view.getUint8(trailer + 6);
  const referenceSize = view.getUint8(trailer + 7);
  const count = readCount(view, trailer + 8, 8);
  const top = readCount(view, trailer + 16, 8);
  const table = readCount(view, trailer + 24, 8);
  if (![1, 2, 4, 8].includes(offsetSize) || ![1, 2, 4, 8].includes(referenceSize))
    throw new Error('bad word size');
  if (count > trailer || table + count * offsetSize > trailer || top >= count)
    throw new Error('bad object table');

  // Unfolded size per object; undefined while its children are being counted, so that a cycle is met again.
  const sizes = new Map<number, number | undefined>();
  const measure = (index: number, depth: number): number => {
    if (index >= count) throw new Error('reference to a missing object');
    if (depth > MAX_DEPTH) throw new Error('nested too deeply');
    if (sizes.has(index)) {
      const known = sizes.get(index);
      if (known === undefined) throw new Error('an object contains itself');
      return known;
    }
    sizes.set(index, undefined);
    let total = 1;
    for (const child of children(readCount(view, table + index * offsetSize, offsetSize))) {
      total += measure(child, depth + 1);
      if (total > MAX_OBJECTS) throw new Error(`more than ${MAX_OBJECTS} objects`);
    }
    sizes.set(index, total);
    return total;
  };
  const children = (offset: number): number[] => {
    const marker = within(view, offset, 1).getUint8(offset);
    const isArray = marker >> 4 === 0xa;
    if (!isArray && marker >> 4 !== 0xd) return [];
    let size = marker & 0x0f;
    let start = offset + 1;
    if (size === 0x0f) {
      const width = 1 << (within(view, start, 1).getUint8(start) & 0x0f);
      size = readCount(view, start + 1, width);
      start += 1 + width;
    }
    const references = isArray ? size : size * 2;
    within(view, start, references * referenceSize);
    return Array.from({ length: references }, (_, i) =>
      readCount(view, start + i * referenceSize, referenceSize),
    );
  };
  measure(top, 0);
}

function readCount(view: DataView, offset: number, size: number): number {
  within(view, offset, size);
  switch (size) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset);
    case 4:
      return view.getUint32(offset);
    case 8:
      return Number(view.getBigUint64(offset));
    default:
      throw new Error('bad word size');
  }
}

function within(view: DataView, offset: number, size: number): DataView {
  if (offset + size > view.byteLength) throw new Error('truncated binary property list');
  return view;
}
