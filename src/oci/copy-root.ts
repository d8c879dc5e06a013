/** A private copy of a root directory, for a container that writes to its own. */

import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  chmod,
  copyFile,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  rename,
  symlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { abortedError, removeTree } from '../base/index.js';
import { ifThere } from './store/files.js';
import type { ImageWorkOptions } from './types.js';

/** Files that are copied at once. */
const PARALLEL = 8;

/**
 * Copies `from` to `to`, which must not be there: complete, or not at all. Owners (as root), modes, times and links,
 * hard ones too, are kept; blocks are shared where the file system can (reflink). Devices, fifos and sockets are left
 * out, as are extended attributes, which unpacked images have none of.
 * @throws LaunchportError ERR_ABORTED; the system's error, such as EEXIST
 */
export async function copyRoot(from: string, to: string, options: ImageWorkOptions = {}): Promise<void> {
  if ((await ifThere(lstat(to))) !== undefined)
    throw Object.assign(new Error(`${to} exists already`), { code: 'EEXIST' });
  const partial = `${to}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await new Copy(from, partial, options).run();
    await rename(partial, to);
  } catch (error) {
    await removeTree(partial);
    throw error;
  }
}

class Copy {
  readonly #from: string;
  readonly #to: string;
  readonly #options: ImageWorkOptions;
  readonly #isRoot = process.getuid?.() === 0;
  /** The first copy of each file that has several names. */
  readonly #copies = new Map<string, Promise<string>>();
  #completedBytes = 0;

  constructor(from: string, to: string, options: ImageWorkOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  async run(): Promise<void> {
    await this.#directory('', await lstat(this.#from));
  }

  async #directory(place: string, status: Stats): Promise<void> {
    const from = join(this.#from, place);
    const to = join(this.#to, place);
    await mkdir(to, { mode: 0o700 });
    const names = await readdir(from);
    for (let begin = 0; begin < names.length; begin += PARALLEL) {
      const statuses = await Promise.all(
        names.slice(begin, begin + PARALLEL).map(async (name) => {
          const path = place === '' ? name : `${place}/${name}`;
          const inner = await lstat(join(this.#from, path));
          if (!inner.isDirectory()) await this.#leaf(path, inner);
          return { path, inner };
        }),
      );
      for (const { path, inner } of statuses) if (inner.isDirectory()) await this.#directory(path, inner);
    }
    await this.#finish(to, status);
  }

  async #leaf(place: string, status: Stats): Promise<void> {
    const { signal, onProgress } = this.#options;
    if (signal?.aborted) throw abortedError(`copying ${this.#from}`, signal);
    const from = join(this.#from, place);
    const to = join(this.#to, place);
    if (status.isSymbolicLink()) {
      await symlink(await readlink(from), to);
      return this.#finish(to, status);
    }
    if (!status.isFile()) return;
    const identity = `${status.dev}:${status.ino}`;
    const earlier = status.nlink > 1 ? this.#copies.get(identity) : undefined;
    if (earlier !== undefined) return link(await earlier, to);
    const made = this.#file(from, to, status);
    if (status.nlink > 1) {
      this.#copies.set(identity, made);
      // Whoever waits for it gets its failure, and so does this call.
      made.catch(() => {});
    }
    await made;
    this.#completedBytes += status.size;
    onProgress?.({ phase: 'copy', completedBytes: this.#completedBytes });
  }

  async #file(from: string, to: string, status: Stats): Promise<string> {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await this.#finish(to, status);
    return to;
  }

  async #finish(path: string, { uid, gid, mode, atimeMs, mtimeMs }: Stats): Promise<void> {
    if (this.#isRoot) await lchown(path, uid, gid);
    const isLink = (mode & constants.S_IFMT) === constants.S_IFLNK;
    // After the owner, for a change of owner takes set-user-ID bits away.
    if (!isLink) await chmod(path, mode & 0o7777);
    // As numbers, for a Date ends at milliseconds.
    await lutimes(path, atimeMs / 1000, mtimeMs / 1000);
  }
}
