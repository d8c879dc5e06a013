/**
 * Reads binary property lists. Objects refer to each other by number, so a small file can describe a cycle, or an array
 * that unfolds to billions of elements: both are found before anything is decoded.
 */
import { type PlistValue, plistInteger, plistReal } from './plist-value.js';

const HEADER_BYTES = 8;
const TRAILER_BYTES = 32;
/** Most objects after unfolding. */
const MAX_OBJECTS = 100_000;
const MAX_DEPTH = 64;

/** Milliseconds of the date from which binary dates count, 2001-01-01. */
const EPOCH_MS = Date.UTC(2001, 0, 1);

/** Where the objects of a file are. */
interface Layout {
  readonly view: DataView;
  readonly referenceSize: number;
  /** The offset of an object. */
  offsetOf(index: number): number;
  /** Values of objects that were decoded: one referred to a thousand times is there once. */
  readonly values: Map<number, PlistValue>;
}

/**
 * Reads a file. Of a key that a dictionary has twice the last value counts.
 * @throws Error saying what is wrong with the file
 */
export function parseBinaryPlist(bytes: Uint8Array): PlistValue {
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
  const offsetOf = (index: number) => {
    if (index >= count) throw new Error('reference to a missing object');
    return readCount(view, table + index * offsetSize, offsetSize);
  };
  const layout: Layout = { view, referenceSize, offsetOf, values: new Map() };
  assertFinite(layout, top);
  return decode(layout, top);
}

/** Unfolds the references without decoding anything. */
function assertFinite(layout: Layout, top: number): void {
  // Unfolded size per object; undefined while its children are being counted, so that a cycle is met again.
  const sizes = new Map<number, number | undefined>();
  const measure = (index: number, depth: number): number => {
    if (depth > MAX_DEPTH) throw new Error('nested too deeply');
    if (sizes.has(index)) {
      const known = sizes.get(index);
      if (known === undefined) throw new Error('an object contains itself');
      return known;
    }
    sizes.set(index, undefined);
    let total = 1;
    for (const child of children(layout, layout.offsetOf(index))) {
      total += measure(child, depth + 1);
      if (total > MAX_OBJECTS) throw new Error(`more than ${MAX_OBJECTS} objects`);
    }
    sizes.set(index, total);
    return total;
  };
  measure(top, 0);
}

/** References of a container; none for any other object. */
function children({ view, referenceSize }: Layout, offset: number): number[] {
  const type = within(view, offset, 1).getUint8(offset) >> 4;
  if (type !== 0xa && type !== 0xd) return [];
  const { length, start } = extent(view, offset);
  const references = type === 0xa ? length : length * 2;
  within(view, start, references * referenceSize);
  return Array.from({ length: references }, (_, i) =>
    readCount(view, start + i * referenceSize, referenceSize),
  );
}

/** The number of elements of an object, and where they start. */
function extent(view: DataView, offset: number): { readonly length: number; readonly start: number } {
  const size = view.getUint8(offset) & 0x0f;
  if (size !== 0x0f) return { length: size, start: offset + 1 };
  const marker = within(view, offset + 1, 1).getUint8(offset + 1);
  const width = 1 << (marker & 0x0f);
  if (marker >> 4 !== 0x1 || width > 8) throw new Error('bad object size');
  return { length: readCount(view, offset + 2, width), start: offset + 2 + width };
}

function decode(layout: Layout, index: number): PlistValue {
  const known = layout.values.get(index);
  if (known !== undefined) return known;
  const value = decodeObject(layout, layout.offsetOf(index));
  layout.values.set(index, value);
  return value;
}

function decodeObject(layout: Layout, offset: number): PlistValue {
  const { view } = layout;
  const marker = view.getUint8(offset);
  const width = 1 << (marker & 0x0f);
  switch (marker >> 4) {
    case 0x0:
      if (marker !== 0x08 && marker !== 0x09) break;
      return marker === 0x09;
    case 0x1:
      if (width > 16) break;
      return plistInteger(readInteger(within(view, offset + 1, width), offset + 1, width));
    case 0x2:
      if (width !== 4 && width !== 8) break;
      within(view, offset + 1, width);
      return plistReal(width === 4 ? view.getFloat32(offset + 1) : view.getFloat64(offset + 1));
    case 0x3: {
      const date = new Date(EPOCH_MS + Math.round(within(view, offset + 1, 8).getFloat64(offset + 1) * 1000));
      if (marker !== 0x33 || Number.isNaN(date.getTime())) break;
      return date;
    }
    case 0x4:
    case 0x5:
    case 0x6:
    case 0x7:
      return decodeBytes(view, offset, marker >> 4);
    case 0xa:
      return children(layout, offset).map((child) => decode(layout, child));
    case 0xd: {
      const references = children(layout, offset);
      const half = references.length / 2;
      const entries = references.slice(0, half).map((key, at): [string, PlistValue] => {
        const name = decode(layout, key);
        if (typeof name !== 'string') throw new Error('a key is not text');
        return [name, decode(layout, references[half + at] as number)];
      });
      return Object.fromEntries(entries);
    }
  }
  throw new Error(`an object of type 0x${marker.toString(16).padStart(2, '0')}`);
}

/** Data, ASCII, UTF-16 or UTF-8, by the type of the object. */
function decodeBytes(view: DataView, offset: number, type: number): string | Uint8Array {
  const { length, start } = extent(view, offset);
  const size = type === 0x6 ? length * 2 : length;
  within(view, start, size);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, size);
  if (type === 0x4) return bytes.slice();
  if (type === 0x5) return Buffer.from(bytes).toString('latin1');
  if (type === 0x7) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return Buffer.from(bytes).swap16().toString('utf16le');
}

/** 1, 2 and 4 bytes have no sign, 8 and 16 have one. */
function readInteger(view: DataView, offset: number, width: number): bigint {
  if (width === 16) return (view.getBigInt64(offset) << 64n) | view.getBigUint64(offset + 8);
  return width === 8 ? view.getBigInt64(offset) : BigInt(readCount(view, offset, width));
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
