/** Files that are either the old or the new version, never half of one. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes `data` to `path` so that a reader, or a crash at any moment, sees the old content or the new one: a
 * temporary file beside it is written, synced and renamed over it, and the directory is synced (rename(2), fsync(2)).
 * `mode` is set exactly, whatever the umask; default 0600.
 * @throws the system's error. No temporary file is left, and the old file is untouched, unless only the directory could
 *   not be synced: then the new file is in place, but may not survive a power failure
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.chmod(mode);
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
