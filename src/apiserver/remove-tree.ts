/** Takes a directory away in one step, then frees its space. */
import { randomBytes } from 'node:crypto';
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeByCommand } from '../base/index.js';

/** Begins the names of directories that are on their way in or out; no container or network is called so. */
export const TRANSIENT_PREFIX = '.';

/** The name of a directory on its way in or out, beside `path`. */
export function transientPath(path: string, why: 'new' | 'old'): string {
  const name = `${TRANSIENT_PREFIX}${why}-${basename(path)}.${randomBytes(4).toString('hex')}`;
  return join(dirname(path), name);
}

/**
 * Removes a directory. It is gone under its name at once, whole: a crash in between leaves only space to be freed,
 * which the next start does. One that does not exist is no error.
 * @throws the system's error
 */
export async function removeTree(path: string): Promise<void> {
  const away = transientPath(path, 'old');
  try {
    await rename(path, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // It is gone from here on; what cannot be freed now is freed by the next start.
  await freeTree(away).catch(() => {});
}

/** Removes what is there, directories without permissions too: an image may have any. */
export async function freeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (['ENAMETOOLONG', 'EMFILE'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return removeByCommand(path);
    await open(path).catch(() => {});
    await removeByCommand(path);
  }
}

/** Makes all directories below the owner's own; links are not followed. */
async function open(directory: string): Promise<void> {
  await chmod(directory, 0o700).catch(() => {});
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await open(join(directory, entry.name));
  }
}
