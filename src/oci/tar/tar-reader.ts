/**
 * Entries of a tar archive, one at a time and only as fast as they are asked for. Headers are decoded by the `tar`
 * package. Its Parser is not used: it drops sparse files and extended headers that a chunk's end cuts in two.
 */
import { Header, type HeaderData } from 'tar';
import { LaunchportError } from '../../base/index.js';
import { type ImageLimits, invalidImage, limitError } from '../limits.js';
import { ByteReader, TruncatedError } from './byte-reader.js';
import { type PaxRecords, parsePax, paxDate, paxNumber } from './pax.js';
import { checkMap, paxSparse, readMapInData, readOldGnuMap, type SparseMap } from './sparse.js';

/** What an entry is. `other`: of a kind that no root file system has, such as a volume label. */
export type EntryKind = 'file' | 'directory' | 'symlink' | 'link' | 'device' | 'fifo' | 'other';

/** Data of a file, and where it goes. */
export interface Piece {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** One entry. Names are as written: anything may stand there. */
export interface TarEntry {
  readonly kind: EntryKind;
  readonly path: string;
  readonly linkPath: string;
  /** Bytes of the file, holes counted; 0 for what is no file. */
  readonly size: number;
  /** Permissions with the bits for set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date | undefined;
  readonly hasXattrs: boolean;
  /** The data, once, before the next entry is asked for. */
  readonly pieces: () => AsyncGenerator<Piece>;
}

const BLOCK = 512;
/** Headers that describe one entry: more is an archive made to keep us busy. */
const MAX_HEADERS = 32;
const KINDS: Readonly<Record<string, EntryKind>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  SparseFile: 'file',
  Directory: 'directory',
  GNUDumpDir: 'directory',
  SymbolicLink: 'symlink',
  Link: 'link',
  CharacterDevice: 'device',
  BlockDevice: 'device',
  FIFO: 'fifo',
};
const HEADER_ONLY: readonly EntryKind[] = ['symlink', 'link', 'device', 'fifo'];

/** What was read before an entry's own header. */
interface Extension {
  records: PaxRecords;
  path?: string;
  linkPath?: string;
}

/**
 * Reads `chunks` to their end, also what stands behind the archive's. `what` names it in errors.
 * @throws LaunchportError ERR_IMAGE_INVALID for what is no whole tar archive, ERR_IMAGE_LIMIT
 */
export async function* readTar(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
  limits: ImageLimits,
): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(chunks);
  try {
    yield* entries(what, reader, limits);
    await reader.drain();
  } catch (error) {
    throw asInvalid(what, error);
  } finally {
    await reader.close();
  }
}

/** Failures of zlib and of our own readers are the archive's; those of the system and of callers stay what they are. */
export function asInvalid(what: string, error: unknown): unknown {
  // A TypeError is a mistake of ours.
  if (error instanceof LaunchportError || error instanceof TypeError || !(error instanceof Error))
    return error;
  const { code } = error as NodeJS.ErrnoException;
  const isPacking = code !== undefined && /^(Z_|ZSTD_|ERR_ZSTD|ERR_BUFFER_TOO_LARGE)/.test(code);
  if (error instanceof TruncatedError || code === undefined || isPacking)
    return invalidImage(`${what}: ${error.message}`, error);
  return error;
}

async function* entries(what: string, reader: ByteReader, limits: ImageLimits): AsyncGenerator<TarEntry> {
  let extension: Extension = { records: [] };
  let headers = 0;
  for (;;) {
    const block = await reader.read(BLOCK);
    // Some writers leave out the two empty blocks; that nothing is missing is what digests are for.
    if (block === undefined && headers > 0) throw new TruncatedError(BLOCK, 0);
    if (block === undefined) return;
    const header = new Header(block, 0);
    if (header.nullBlock) return;
    if (!header.cksumValid) throw invalidImage(`${what}: not a tar archive, or a damaged one`);
    headers += 1;
    if (headers > MAX_HEADERS) throw invalidImage(`${what}: an entry has too many headers`);
    const { type } = header;
    const size = header.size ?? 0;
    switch (type) {
      case 'ExtendedHeader':
      case 'OldExtendedHeader':
        extension.records = parsePax(await meta(what, reader, size, limits));
        continue;
      // Says nothing of a single file, and Docker passes over it, too.
      case 'GlobalExtendedHeader':
        await meta(what, reader, size, limits);
        continue;
      case 'NextFileHasLongPath':
      case 'OldGnuLongPath':
        extension.path = cString(await meta(what, reader, size, limits));
        continue;
      case 'NextFileHasLongLinkpath':
        extension.linkPath = cString(await meta(what, reader, size, limits));
        continue;
    }
    const { entry, stored } = await entryOf(header, block, extension, reader);
    const body = new Body(what, reader, stored.data, stored.map);
    yield { ...entry, pieces: () => body.pieces() };
    await body.finish(padding(stored.total));
    extension = { records: [] };
    headers = 0;
  }
}

interface Stored {
  /** Bytes in the archive, without filling. */
  readonly total: number;
  /** Of these, what is data of the file. */
  readonly data: number;
  readonly map: SparseMap;
}

async function entryOf(
  header: Header,
  block: Buffer,
  extension: Extension,
  reader: ByteReader,
): Promise<{ entry: Omit<TarEntry, 'pieces'>; stored: Stored }> {
  const { records } = extension;
  const pax = paxFields(records);
  const sparse = paxSparse(records);
  const kind = KINDS[header.type ?? ''] ?? 'other';
  const total = HEADER_ONLY.includes(kind) ? 0 : (pax.size ?? header.size ?? 0);
  if (!Number.isSafeInteger(total)) throw new Error('an entry has no size');
  let data = total;
  let map: SparseMap = { size: total, extents: [{ offset: 0, length: total }] };
  if (header.type === 'SparseFile') map = await readOldGnuMap(block, reader);
  else if (sparse !== undefined && kind === 'file') {
    const inData = sparse.extents === undefined ? await readMapInData(reader, total) : undefined;
    data -= inData?.bytes ?? 0;
    map = { size: sparse.size, extents: sparse.extents ?? inData?.extents ?? [] };
  }
  checkMap(map, data);
  const path = sparse?.name ?? pax.path ?? extension.path ?? header.path ?? '';
  return {
    entry: {
      // Programs older than the type for directories ended their names with a slash.
      kind: kind === 'file' && path.endsWith('/') && total === 0 ? 'directory' : kind,
      path,
      linkPath: pax.linkpath ?? extension.linkPath ?? header.linkpath ?? '',
      size: kind === 'file' ? map.size : 0,
      mode: (header.mode ?? 0o644) & 0o7777,
      uid: ownerId(pax.uid ?? header.uid),
      gid: ownerId(pax.gid ?? header.gid),
      mtime: pax.mtime ?? header.mtime,
      hasXattrs: records.some(([key]) => /^(SCHILY\.xattr|LIBARCHIVE\.xattr|SCHILY\.acl)\./.test(key)),
    },
    stored: { total, data, map },
  };
}

function paxFields(records: PaxRecords): HeaderData {
  const fields: HeaderData = {};
  for (const [key, value] of records) {
    if ((key === 'path' || key === 'linkpath') && value.includes('\0'))
      throw new Error('a name holds a zero byte');
    if (key === 'path' || key === 'linkpath') fields[key] = value;
    else if (value !== '' && (key === 'size' || key === 'uid' || key === 'gid'))
      fields[key] = paxNumber(key, value);
    else if (key === 'mtime') {
      const date = paxDate(value);
      if (date !== undefined) fields.mtime = date;
    }
  }
  return fields;
}

/** The data of one entry, and what is left of it when nobody wanted it. */
class Body {
  readonly #what: string;
  readonly #reader: ByteReader;
  readonly #map: SparseMap;
  #left: number;

  constructor(what: string, reader: ByteReader, data: number, map: SparseMap) {
    this.#what = what;
    this.#reader = reader;
    this.#left = data;
    this.#map = map;
  }

  async *pieces(): AsyncGenerator<Piece> {
    for (const { offset, length } of this.#map.extents) {
      for (let done = 0; done < length; ) {
        const data = await this.#take(length - done);
        this.#left -= data.byteLength;
        yield { offset: offset + done, data };
        done += data.byteLength;
      }
    }
  }

  /** What fails here is not thrown through the generator of entries, but into the hands of whoever reads the data. */
  async #take(count: number): Promise<Uint8Array> {
    try {
      const data = await this.#reader.take(count);
      if (data === undefined) throw new TruncatedError(count, 0);
      return data;
    } catch (error) {
      throw asInvalid(this.#what, error);
    }
  }

  async finish(filling: number): Promise<void> {
    await this.#reader.skip(this.#left + filling);
  }
}

async function meta(what: string, reader: ByteReader, size: number, limits: ImageLimits): Promise<Buffer> {
  if (size > limits.maxHeaderBytes) throw limitError(`${what}: an extended header`, 'maxHeaderBytes', limits);
  const data = await reader.readExactly(size);
  await reader.skip(padding(size));
  return data;
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function cString(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString('utf8', 0, end < 0 ? data.length : end);
}

/** 2^32-1 would mean "leave it" to chown(2). */
function ownerId(id: number | undefined): number {
  return id !== undefined && Number.isInteger(id) && id >= 0 && id < 0xffff_ffff ? id : 0;
}
