/** Files with holes, in the four forms that GNU tar writes (GNU tar manual, "Storing Sparse Files"). */
import type { ByteReader } from './byte-reader.js';
import { type PaxRecords, paxNumber } from './pax.js';

/** A piece of a file that is in the archive. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Where the pieces go, and how long the file is. */
export interface SparseMap {
  readonly size: number;
  readonly extents: readonly Extent[];
}

/** What extended headers say of a sparse file. */
export interface PaxSparse {
  /** The real name; in the header stands one for programs that know nothing of sparse files. */
  readonly name?: string;
  readonly size: number;
  /** Absent where the map stands at the beginning of the data. */
  readonly extents?: readonly Extent[];
}

const BLOCK = 512;
const MAX_EXTENTS = 1 << 20;

/** Undefined when the records tell of no sparse file. @throws Error for a map that makes no sense */
export function paxSparse(records: PaxRecords): PaxSparse | undefined {
  const values = new Map(records);
  const size = values.get('GNU.sparse.realsize') ?? values.get('GNU.sparse.size');
  if (size === undefined) return undefined;
  const name = values.get('GNU.sparse.name');
  const facts = {
    size: paxNumber('GNU.sparse.size', size),
    ...(name === undefined ? {} : { name }),
  };
  if (values.get('GNU.sparse.major') === '1') return facts;
  const map = values.get('GNU.sparse.map');
  const numbers =
    map === undefined
      ? records.flatMap(([key, value]) =>
          key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes' ? [paxNumber(key, value)] : [],
        )
      : map === ''
        ? []
        : map.split(',').map((part) => paxNumber('GNU.sparse.map', part));
  return { ...facts, extents: pairs(numbers) };
}

/** Reads the map at the beginning of the data (version 1.0); `stored` is how much data there is with it. */
export async function readMapInData(
  reader: ByteReader,
  stored: number,
): Promise<{ readonly extents: readonly Extent[]; readonly bytes: number }> {
  const numbers: number[] = [];
  let bytes = 0;
  let wanted = 1;
  let rest = '';
  while (numbers.length < wanted) {
    if (bytes + BLOCK > stored) throw new Error('the map of a sparse file is longer than its data');
    const lines = (rest + (await reader.readExactly(BLOCK)).toString('latin1')).split('\n');
    bytes += BLOCK;
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (numbers.length === wanted) break;
      numbers.push(paxNumber('sparse map', line));
      if (numbers.length === 1) wanted = 1 + 2 * Math.min(numbers[0] ?? 0, MAX_EXTENTS + 1);
    }
    if (rest.length > BLOCK) throw new Error('the map of a sparse file has no end of line');
  }
  return { extents: pairs(numbers.slice(1)), bytes };
}

/** Reads the map in the header of GNU's old format, and in the blocks behind it. */
export async function readOldGnuMap(header: Buffer, reader: ByteReader): Promise<SparseMap> {
  const extents: Extent[] = [];
  const add = (block: Buffer, from: number, count: number) => {
    for (let at = from; at < from + count * 24; at += 24) {
      if (block[at] === 0) return;
      extents.push({ offset: headerNumber(block, at), length: headerNumber(block, at + 12) });
    }
  };
  add(header, 386, 4);
  let isExtended = header[482] !== 0;
  while (isExtended) {
    if (extents.length > MAX_EXTENTS) throw new Error('a sparse file has too many pieces');
    const block = await reader.readExactly(BLOCK);
    add(block, 0, 21);
    isExtended = block[504] !== 0;
  }
  return { size: headerNumber(header, 483), extents };
}

/** @throws Error when pieces overlap, lie behind the end, or are not the data there is */
export function checkMap({ size, extents }: SparseMap, stored: number): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of extents) {
    if (offset < end || offset + length > size) throw new Error('the pieces of a sparse file overlap');
    end = offset + length;
    total += length;
  }
  if (total !== stored) throw new Error(`a sparse file has ${stored} bytes of data for ${total}`);
}

/** A numeric field of 12 bytes: octal, or binary when its highest bit is set. */
function headerNumber(block: Buffer, at: number): number {
  const first = block[at] ?? 0;
  if (first & 0x80) {
    const value = block.readBigUInt64BE(at + 4);
    if ((first & 0x7f) === 0 && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new Error('a sparse file is too large');
  }
  const digits = block
    .toString('latin1', at, at + 12)
    .replace(/\0.*$/s, '')
    .trim();
  if (/^[0-7]+$/.test(digits)) return Number.parseInt(digits, 8);
  throw new Error('a number in the map of a sparse file is none');
}

function pairs(numbers: readonly number[]): Extent[] {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * MAX_EXTENTS)
    throw new Error('the map of a sparse file is broken');
  const extents: Extent[] = [];
  for (let index = 0; index < numbers.length; index += 2)
    extents.push({ offset: numbers[index] ?? 0, length: numbers[index + 1] ?? 0 });
  return extents;
}
