/** Takes a directory away in one step, then frees its space. */
import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeTree } from '../base/index.js';

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
export async function takeAway(path: string): Promise<void> {
  const away = transientPath(path, 'old');
  try {
    await rename(path, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // It is gone from here on; what cannot be freed now is freed by the next start.
  await removeTree(away).catch(() => {});
}
