/** Paths inside a container's root: what is in there decides nothing about what is outside. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Links that are followed for one path, as in the kernel (path_resolution(7)). */
const MAX_LINKS = 40;
const MAX_PATH = 4096;

/**
 * A directory inside a root, open, so that nobody can put another in its place. Paths made with {@link Place.at} reach
 * its entries through the open directory (Linux); they must only be used with calls that do not follow links.
 */
export interface Place extends AsyncDisposable {
  readonly directory: FileHandle;
  /** The entry's name; empty when the place is the root itself. */
  readonly name: string;
  /** A path for the entry, or for another entry of the same directory. */
  at(name?: string): string;
}

class Step {
  readonly handle: FileHandle;
  readonly path: string;

  constructor(handle: FileHandle, path: string) {
    this.handle = handle;
    // A directory that is open stays the same one whatever becomes of its names. macOS has no such path.
    this.path = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path;
  }
}

/** How a path is looked up. */
export interface LookupOptions {
  /** Whether a link at the very end is followed. */
  readonly followLast: boolean;
  /** Called for a directory that is missing on the way; makes it, or throws. */
  readonly makeDirectory?: (path: string) => Promise<void>;
}

/**
 * Opens the directory that holds the last part of `path`. Links are followed as a process with that root would: those
 * that lead up or are absolute stay inside.
 * @throws the system's error: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG
 */
export async function openPlace(root: string, path: string, options: LookupOptions): Promise<Place> {
  // The root itself may be reached by a link: it is the caller's.
  const steps = [new Step(await open(root, constants.O_RDONLY | constants.O_DIRECTORY), root)];
  const top = () => steps[steps.length - 1] as Step;
  const pop = async () => {
    if (steps.length > 1) await steps.pop()?.handle.close();
  };
  const rest = parts(path);
  let links = 0;
  try {
    for (;;) {
      const name = rest.shift();
      if (name === undefined) return await placed(steps, '');
      if (name === '..') {
        await pop();
        continue;
      }
      const entry = join(top().path, name);
      const target = rest.length > 0 || options.followLast ? await linkAt(entry) : undefined;
      if (target !== undefined) {
        if (++links > MAX_LINKS) throw systemError('ELOOP', path);
        if (target.startsWith('/')) while (steps.length > 1) await pop();
        rest.unshift(...parts(target));
        continue;
      }
      if (rest.length === 0) return await placed(steps, name);
      steps.push(new Step(await openOrMake(entry, options.makeDirectory), entry));
    }
  } catch (error) {
    for (const step of steps) await step.handle.close();
    throw error;
  }
}

/** Keeps the last directory open, and closes those above it. */
async function placed(steps: readonly Step[], name: string): Promise<Place> {
  const last = steps[steps.length - 1] as Step;
  for (const step of steps.slice(0, -1)) await step.handle.close();
  return {
    directory: last.handle,
    name,
    at: (entry = name) => (entry === '' ? last.path : join(last.path, entry)),
    [Symbol.asyncDispose]: () => last.handle.close(),
  };
}

function parts(path: string): string[] {
  if (path.length > MAX_PATH) throw systemError('ENAMETOOLONG', `${path.slice(0, 64)}…`);
  if (path.includes('\0')) throw systemError('EINVAL', JSON.stringify(path));
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

async function linkAt(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    // Missing, or replaced meanwhile: whoever opens it says so.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EINVAL') return undefined;
    throw error;
  }
}

async function openOrMake(path: string, make?: (path: string) => Promise<void>): Promise<FileHandle> {
  try {
    return await openDirectory(path);
  } catch (error) {
    if (make === undefined || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await make(path);
  return openDirectory(path);
}

/** A directory and no link to one. */
export function openDirectory(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** An error as Node's own. */
export function systemError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
