/** A root directory as the tar archive of a layer: the same tree gives the same bytes. */
import type { Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Header, type HeaderData, Pax } from 'tar';
import { invalidImage } from '../limits.js';
import { readChunks } from '../store/files.js';

const BLOCK = 512;

/** One entry's header, with an extended header before it where its fields do not fit. */
export function tarHeader(data: HeaderData): Buffer {
  const header = new Header(data);
  if (!header.encode()) return header.block ?? Buffer.alloc(BLOCK);
  const { path, linkpath, size, uid, gid, mtime } = data;
  const fields = { path, linkpath, size, uid, gid, mtime };
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  const pax = new Pax(Object.fromEntries(present)).encode();
  return Buffer.concat([pax, header.block ?? Buffer.alloc(BLOCK)]);
}

/** Filling up to the next block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The two empty blocks at the end. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/**
 * Everything below `root`, sorted. Sockets, devices and fifos are left out, as they would not be unpacked.
 * @throws LaunchportError ERR_IMAGE_INVALID for names that mean something else in a layer, or a file that changes
 */
export async function* writeRootArchive(root: string): AsyncGenerator<Uint8Array> {
  const links = new Map<string, string>();
  yield tarHeader({ ...common(await lstat(root)), path: './', type: 'Directory', size: 0 });
  yield* directory(root, '', links);
  yield TAR_END;
}

async function* directory(
  root: string,
  place: string,
  links: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const names = (await readdir(join(root, place))).sort();
  for (const name of names) {
    const path = place === '' ? name : `${place}/${name}`;
    if (name.startsWith('.wh.'))
      throw invalidImage(`${join(root, path)}: such a name means in a layer that another file is removed`);
    const status = await lstat(join(root, path));
    if (status.isDirectory()) {
      yield tarHeader({ ...common(status), path: `${path}/`, type: 'Directory', size: 0 });
      yield* directory(root, path, links);
    } else if (status.isSymbolicLink()) {
      const linkpath = await readlink(join(root, path));
      yield tarHeader({ ...common(status), path, linkpath, type: 'SymbolicLink', size: 0 });
    } else if (status.isFile()) yield* file(root, path, status, links);
  }
}

async function* file(
  root: string,
  path: string,
  status: Stats,
  links: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const identity = `${status.dev}:${status.ino}`;
  const linkpath = links.get(identity);
  if (linkpath !== undefined) {
    yield tarHeader({ ...common(status), path, linkpath, type: 'Link', size: 0 });
    return;
  }
  if (status.nlink > 1) links.set(identity, path);
  const { size } = status;
  yield tarHeader({ ...common(status), path, type: 'File', size });
  let written = 0;
  for await (const chunk of readChunks(join(root, path))) {
    written += chunk.byteLength;
    if (written > size) break;
    yield chunk;
  }
  if (written !== size) throw invalidImage(`${join(root, path)} changed while it was read`);
  yield tarPadding(size);
}

function common({ mode, uid, gid, mtime }: Stats): HeaderData {
  return {
    mode: mode & 0o7777,
    uid,
    gid,
    mtime: new Date(Math.floor(mtime.getTime() / 1000) * 1000),
  };
}
