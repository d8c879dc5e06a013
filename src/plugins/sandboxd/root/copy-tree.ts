/** Copies files between the host and a container. Neither side's links lead anywhere while it happens. */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { openDirectory, type Place, systemError } from './inside.js';

/** How a tree is copied. */
export interface CopyOptions {
  /** Aborts between two files. */
  readonly signal?: AbortSignal;
  /** Mode of a single file; else each keeps its own. */
  readonly fileMode?: number;
  /** Who owns what is written; default whoever writes it. Taken only from root. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * What is kept of a mode. The set-id bits are not: they would count on a side that has other users, with whoever copied
 * as the owner.
 */
const PERMISSIONS = 0o777;
/** Directories in each other: each holds two descriptors while it is copied. */
const MAX_DEPTH = 128;
/** Copied at a time. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Copies what is at `from` to the entry of `to`: a file, a link as a link, or a directory with all that is in it. A file
 * or link that is there is replaced when the new one is whole; a directory is added to.
 * @throws the system's error; EINVAL for what is none of the three, ENAMETOOLONG for
 *   more than 128 directories in each other, EISDIR and ENOTDIR when the two do not go together
 */
export async function copyTree(from: Place, to: Place, options: CopyOptions = {}): Promise<void> {
  await copyEntry(from.at(), from.directory, to, to.name, { ...options, depth: 0 });
}

interface EntryOptions extends CopyOptions {
  /** Directories above the entry that were copied. */
  readonly depth: number;
}

async function copyEntry(
  source: string,
  sourceDirectory: FileHandle,
  to: Pick<Place, 'at'>,
  name: string,
  options: EntryOptions,
): Promise<void> {
  options.signal?.throwIfAborted();
  const stat = await lstat(source);
  if (stat.isSymbolicLink()) return copyLink(source, to, name);
  if (stat.isFile()) return copyFile(source, to, name, options);
  if (!stat.isDirectory()) throw systemError('EINVAL', `${source}: neither file, link nor directory`);
  // The place of the root itself has no name, and its directory is open already.
  const from = name === '' ? sourceDirectory : await openDirectory(source);
  try {
    await copyDirectory(from, source, stat, to, name, options);
  } finally {
    if (from !== sourceDirectory) await from.close();
  }
}

async function copyDirectory(
  from: FileHandle,
  source: string,
  stat: Stats,
  to: Pick<Place, 'at'>,
  name: string,
  options: EntryOptions,
): Promise<void> {
  const depth = options.depth + 1;
  if (depth > MAX_DEPTH)
    throw systemError('ENAMETOOLONG', `more than ${MAX_DEPTH} directories in each other`);
  const target = to.at(name);
  const isNew = name !== '' && (await mkdir(target, { mode: 0o700 }).then(() => true, notThere));
  const into = await openDirectory(target);
  try {
    const readFrom = inside(from, source);
    const writeInto = inside(into, target);
    for (const entry of await readdir(readFrom)) {
      const child = { ...options, fileMode: undefined as never, depth };
      await copyEntry(
        join(readFrom, entry),
        from,
        { at: (each) => join(writeInto, each ?? '') },
        entry,
        child,
      );
    }
    if (isNew) {
      await give(into, options);
      await into.chmod(stat.mode & PERMISSIONS);
    }
  } finally {
    await into.close();
  }
}

async function copyFile(
  source: string,
  to: Pick<Place, 'at'>,
  name: string,
  options: CopyOptions,
): Promise<void> {
  if (name === '') throw systemError('EISDIR', source);
  await refuseDirectory(to.at(name));
  const from = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const temporary = to.at(`.${randomBytes(8).toString('hex')}.copy`);
  try {
    const stat = await from.stat();
    if (!stat.isFile()) throw systemError('EINVAL', source);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(temporary, flags, 0o600);
    try {
      await copyBytes(from, file, options.signal);
      await give(file, options);
      await file.chmod((options.fileMode || stat.mode) & PERMISSIONS);
    } finally {
      await file.close();
    }
    await rename(temporary, to.at(name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await from.close();
  }
}

async function copyBytes(from: FileHandle, to: FileHandle, signal: AbortSignal | undefined): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await from.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return;
    for (let done = 0; done < bytesRead; ) {
      done += (await to.write(buffer, done, bytesRead - done, null)).bytesWritten;
    }
  }
}

async function copyLink(source: string, to: Pick<Place, 'at'>, name: string): Promise<void> {
  if (name === '') throw systemError('EISDIR', source);
  await refuseDirectory(to.at(name));
  const temporary = to.at(`.${randomBytes(8).toString('hex')}.copy`);
  await symlink(await readlink(source), temporary);
  try {
    await rename(temporary, to.at(name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function give(file: FileHandle, { owner }: CopyOptions): Promise<void> {
  if (owner !== undefined && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
}

async function refuseDirectory(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isDirectory() === true) throw systemError('EISDIR', path);
}

/** False for what exists already; it is then opened, and only as a directory. */
function notThere(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false;
  throw error;
}

/** The way into an open directory, whatever its name has become. */
function inside(directory: FileHandle, path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${directory.fd}` : path;
}
