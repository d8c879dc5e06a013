/** Removes directories of any shape: without permissions, or deeper than the system takes in one path. */
import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Milliseconds for rm(1). */
const TIMEOUT = 300_000;

/** Removes what is there, directories without permissions too. Links are not followed. @throws Error with what rm(1) said */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    // Best effort: rm(1), which goes down step by step, says what is still in the way.
    await openUp(path).catch(() => {});
    // Loaded when needed: every plugin loads this layer, and hardly any removes anything.
    const [{ execFile }, { promisify }] = await Promise.all([
      import('node:child_process'),
      import('node:util'),
    ]);
    await promisify(execFile)('rm', ['-rf', '--', path], { timeout: TIMEOUT });
  }
}

/** Makes all directories below the owner's own. */
async function openUp(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700).catch(() => {});
  for (const name of await readdir(path)) await openUp(join(path, name)).catch(() => {});
}
