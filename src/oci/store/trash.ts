/**
 * What prunes have put aside. Each prune has a directory of its own, so that none removes what another put aside later;
 * whoever needs something from one takes it back with rename(2), which either happens whole or comes too late.
 */
import { lstat, mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../base/index.js';
import { hasCode, ifThere } from './files.js';
import { isAbandoned, ownName } from './staging.js';

/** Looks for something that prunes may be moving to and fro. */
const LOOKS = 5;

/** The trash of a store. */
export class Trash {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes `name` back to `path`. False when nobody has put it aside. */
  async bringBack(name: string, path: string): Promise<boolean> {
    for (const prune of (await ifThere(readdir(this.#directory))) ?? []) {
      if (await moved(join(this.#directory, prune, name), path)) return true;
    }
    return false;
  }

  /**
   * What `look` finds at `path`; when it finds nothing, `name` is taken back first. Nothing may be found where it is just
   * being moved, so it is looked for more than once.
   */
  async find<T>(name: string, path: string, look: () => Promise<T | undefined>): Promise<T | undefined> {
    for (let looks = 0; looks < LOOKS; looks++) {
      const found = await look();
      if (found !== undefined) return found;
      await this.bringBack(name, path);
    }
    return look();
  }

  /** A directory for one prune, and those that killed ones have left. */
  async open(): Promise<{ readonly own: string; readonly all: readonly string[] }> {
    const own = join(this.#directory, ownName());
    await mkdir(own, { recursive: true, mode: 0o700 });
    const left: string[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      if (await isAbandoned(name, path)) left.push(path);
    }
    return { own, all: [own, ...left] };
  }

  /** Removes what is in a directory of `open`, or brings it back. `placeOf` tells where to, or undefined. */
  async empty(
    directory: string,
    placeOf: (name: string) => string | undefined,
    onRemoved: (name: string, bytes: number) => void,
  ): Promise<void> {
    for (const name of (await ifThere(readdir(directory))) ?? []) {
      const place = placeOf(name);
      if (place !== undefined) {
        await moved(join(directory, name), place);
        continue;
      }
      // Under this name nobody takes it back when half of it is gone.
      const doomed = join(directory, name.startsWith('doomed-') ? name : `doomed-${name}`);
      if (doomed !== join(directory, name) && !(await moved(join(directory, name), doomed))) continue;
      const bytes = await bytesOf(doomed, new Set());
      await removeTree(doomed);
      onRemoved(name, bytes);
    }
    await rmdir(directory).catch(() => {});
  }
}

/** Renames, also over what is there; false when there is nothing to rename. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
    // A directory that was made again meanwhile is as good.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await removeTree(from);
    return true;
  }
}

async function bytesOf(path: string, seen: Set<string>): Promise<number> {
  const status = await ifThere(lstat(path));
  if (status === undefined) return 0;
  if (!status.isDirectory()) {
    const identity = `${status.dev}:${status.ino}`;
    if (status.nlink > 1 && seen.has(identity)) return 0;
    seen.add(identity);
    return status.size;
  }
  let bytes = 0;
  for (const name of (await ifThere(readdir(path))) ?? []) bytes += await bytesOf(join(path, name), seen);
  return bytes;
}
