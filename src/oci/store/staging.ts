/** Directories for what is not complete yet. What a process that was killed leaves in them, the next one removes. */
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../base/index.js';
import { ifThere } from './files.js';

/** Milliseconds after which a directory is abandoned, whoever made it. */
const MAX_AGE = 24 * 3_600_000;

/** The directory of half-done work in a store. */
export class Staging {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Runs `work` with a new private directory, and removes that afterwards. */
  async use<T>(work: (directory: string) => Promise<T>): Promise<T> {
    const directory = join(this.#directory, ownName());
    await mkdir(directory, { mode: 0o700, recursive: true });
    try {
      return await work(directory);
    } finally {
      await removeTree(directory);
    }
  }

  /** Removes what processes left that are gone. */
  async clean(): Promise<void> {
    for (const name of (await ifThere(readdir(this.#directory))) ?? []) {
      const path = join(this.#directory, name);
      if (await isAbandoned(name, path)) await removeTree(path);
    }
  }
}

/** A new name that tells who made it. Process ids mean something only among those who share them. */
export function ownName(): string {
  return `${processSpace()}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

function processSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** Whether the maker of a directory that {@link ownName} named is gone. */
export async function isAbandoned(name: string, path: string): Promise<boolean> {
  const [space, pid] = name.split('-');
  if (space === processSpace() && pid !== undefined && /^\d+$/.test(pid) && !isAlive(Number(pid)))
    return true;
  const status = await ifThere(lstat(path));
  return status !== undefined && status.mtimeMs < Date.now() - MAX_AGE;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
