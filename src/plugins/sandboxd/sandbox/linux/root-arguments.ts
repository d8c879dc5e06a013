/** The root of a sandbox in bubblewrap's words. */
import { lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Arguments for the root, and those that close it once everything is mounted. */
export interface RootArguments {
  readonly open: readonly string[];
  readonly close: readonly string[];
}

/**
 * The root bound whole, unless `missing` names mount points that a read-only root lacks. Then each directory that would
 * hold one is rebuilt in memory from what it has, so that the root itself is never written to.
 */
export async function rootArguments(
  root: string,
  isReadOnly: boolean,
  missing: readonly string[],
): Promise<RootArguments> {
  if (!isReadOnly) return { open: ['--bind', root, '/'], close: [] };
  if (missing.length === 0) return { open: ['--ro-bind', root, '/'], close: [] };
  const rebuilt = new Set<string>();
  for (const path of missing) {
    let directory = dirname(path);
    while (directory !== '/' && !(await isDirectory(join(root, directory)))) directory = dirname(directory);
    for (; ; directory = dirname(directory)) {
      rebuilt.add(directory);
      if (directory === '/') break;
    }
  }
  const open: string[] = [];
  for (const directory of [...rebuilt].sort()) {
    const { mode } = await lstat(join(root, directory));
    // bubblewrap's root is a tmpfs already.
    if (directory !== '/') open.push('--perms', (mode & 0o7777).toString(8), '--tmpfs', directory);
    else open.push('--chmod', (mode & 0o7777).toString(8), '/');
    for (const entry of (await readdir(join(root, directory), { withFileTypes: true })).sort(byName)) {
      const inside = join(directory, entry.name);
      const outside = join(root, inside);
      if (entry.isSymbolicLink()) open.push('--symlink', await readlink(outside), inside);
      else if (rebuilt.has(inside)) continue;
      else if (entry.isDirectory() || entry.isFile()) open.push('--ro-bind', outside, inside);
    }
  }
  return { open, close: [...rebuilt].sort().flatMap((directory) => ['--remount-ro', directory]) };
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
