/** Directories below a root, found as a process that is confined to it would find them: links cannot lead out. */
import type { Stats } from 'node:fs';
import { lstat, mkdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageLimits, invalidImage, limitError } from '../limits.js';

/** Links followed on the way to one directory; Linux has the same bound (path_resolution(7)). */
const MAX_LINKS = 40;
/** Bytes of one name; of all file systems that matter. */
const MAX_NAME_BYTES = 255;

/**
 * The names in a path, without empty ones and `.`; none for the root itself. A leading `/` is the root's.
 * @throws LaunchportError ERR_IMAGE_INVALID for a path with `..`, which no honest archive has, ERR_IMAGE_LIMIT
 */
export function splitPath(path: string, limits: ImageLimits): readonly string[] {
  const quoted = JSON.stringify(path.slice(0, 200));
  if (Buffer.byteLength(path) > limits.maxPathBytes)
    throw limitError(`the path ${quoted}`, 'maxPathBytes', limits);
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw invalidImage(`the path ${quoted} leads upwards`);
  if (path.includes('\0')) throw invalidImage(`the path ${quoted} holds a zero byte`);
  if (names.length > limits.maxPathDepth) throw limitError(`the path ${quoted}`, 'maxPathDepth', limits);
  for (const name of names) {
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      throw invalidImage(`a name in ${quoted} is longer than ${MAX_NAME_BYTES} bytes`);
  }
  return names;
}

/** What is at `path`, itself if it is a link; undefined for nothing. */
export async function statAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The tree below `root`, which nobody else may write to meanwhile. Places are named by their real path: relative to
 * the root, no link in it, `''` for the root.
 */
export class RootedTree {
  readonly #root: string;
  readonly #limits: ImageLimits;
  /** Places that are directories, until something is removed. */
  readonly #known = new Set<string>(['']);

  constructor(root: string, limits: ImageLimits) {
    this.#root = root;
    this.#limits = limits;
  }

  /** The path on this machine. */
  absolute(place: string): string {
    return place === '' ? this.#root : join(this.#root, place);
  }

  /** Call when a directory was removed: what was one may be a link next. */
  forget(): void {
    this.#known.clear();
    this.#known.add('');
  }

  /**
   * The real place of the directory that `names` lead to. What is missing is made, and `onMade` told of it, or without
   * `onMade` the result is undefined.
   * @throws LaunchportError ERR_IMAGE_INVALID when something on the way is no directory, or links go in circles
   */
  async directory(names: readonly string[], onMade?: (place: string) => void): Promise<string | undefined> {
    // Last name first, for what a link stands for is put before the rest.
    const pending = [...names].reverse();
    let place: string[] = [];
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        place.pop();
        continue;
      }
      const next = [...place, name];
      const nextPlace = next.join('/');
      const kind = await this.#kindOf(nextPlace);
      if (kind === 'link') {
        links += 1;
        if (links > MAX_LINKS) throw invalidImage(`links go in circles at ${JSON.stringify(nextPlace)}`);
        const target = await readlink(this.absolute(nextPlace));
        if (target.startsWith('/')) place = [];
        pending.push(...target.split('/').reverse());
        continue;
      }
      if (kind === 'other') throw invalidImage(`${JSON.stringify(nextPlace)} is no directory`);
      if (kind === 'nothing') {
        if (onMade === undefined) return undefined;
        if (next.length > this.#limits.maxPathDepth)
          throw limitError(
            `the path ${JSON.stringify(nextPlace.slice(0, 200))}`,
            'maxPathDepth',
            this.#limits,
          );
        await mkdir(this.absolute(nextPlace), { mode: 0o700 });
        this.#known.add(nextPlace);
        onMade(nextPlace);
      }
      place = next;
    }
    return place.join('/');
  }

  /** Whether `place` is a directory and still what its path says: no link has come into it. */
  async isDirectory(place: string): Promise<boolean> {
    if (this.#known.has(place)) return true;
    const end = place.lastIndexOf('/');
    if (!(await this.isDirectory(end < 0 ? '' : place.slice(0, end)))) return false;
    return (await this.#kindOf(place)) === 'directory';
  }

  async #kindOf(place: string): Promise<'directory' | 'link' | 'other' | 'nothing'> {
    if (this.#known.has(place)) return 'directory';
    const status = await statAt(this.absolute(place));
    if (status === undefined) return 'nothing';
    if (status.isSymbolicLink()) return 'link';
    if (!status.isDirectory()) return 'other';
    this.#known.add(place);
    return 'directory';
  }
}
