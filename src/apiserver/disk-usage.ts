/** Space that a directory takes on disk. */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of a block as stat(2) counts them. */
const BLOCK_BYTES = 512n;

/** Bytes allocated below a directory; files with several links count once. What goes meanwhile counts nothing. */
export async function diskUsage(directory: string, signal?: AbortSignal): Promise<bigint> {
  const seen = new Set<string>();
  const walk = async (path: string): Promise<bigint> => {
    signal?.throwIfAborted();
    const status = await lstat(path, { bigint: true }).catch(() => undefined);
    if (status === undefined) return 0n;
    const bytes = status.blocks * BLOCK_BYTES;
    if (!status.isDirectory()) {
      const identity = `${status.dev}:${status.ino}`;
      if (status.nlink > 1n && seen.has(identity)) return 0n;
      seen.add(identity);
      return bytes;
    }
    let sum = bytes;
    const entries = await opendir(path).catch(() => undefined);
    if (entries !== undefined) for await (const entry of entries) sum += await walk(join(path, entry.name));
    return sum;
  };
  return walk(directory);
}
