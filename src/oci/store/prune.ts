/**
 * Removes what no name leads to, while other processes import. No locks: a blob is first put aside, then the names are
 * read again, and what a new name leads to is brought back; whoever misses it meanwhile brings it back, too.
 */
import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../digest.js';
import type { PruneResult } from '../types.js';
import type { BlobStore } from './blob-store.js';
import { ifThere } from './files.js';
import type { RootStore } from './root-store.js';
import { removeTree } from './staging.js';

/** What a prune works on. */
export interface PruneContext {
  readonly blobs: BlobStore;
  readonly roots: RootStore;
  readonly trash: string;
  /** Digests of all that names lead to: manifests, configurations, layers. */
  readonly reachable: () => Promise<ReadonlySet<Digest>>;
  readonly signal?: AbortSignal | undefined;
}

interface Aside {
  readonly digest: Digest;
  readonly from: string;
  readonly to: string;
}

/** Removes what is not reachable. */
export async function prune({ blobs, roots, trash, reachable, signal }: PruneContext): Promise<PruneResult> {
  await mkdir(trash, { recursive: true, mode: 0o700 });
  const before = await reachable();
  const candidates: Aside[] = [
    ...(await blobs.list()).map((digest) => ({
      digest,
      from: blobs.path(digest),
      to: join(trash, digest.replace(':', '-')),
    })),
    ...(await roots.list()).map((digest) => ({
      digest,
      from: roots.entryPath(digest),
      to: join(trash, `root-${digest.replace(':', '-')}`),
    })),
  ].filter(({ digest }) => !before.has(digest));
  for (const { from, to } of candidates) {
    if (signal?.aborted) break;
    await putAside(from, to);
  }
  const after = await reachable();
  const removed = new Set<Digest>();
  let freedBytes = 0;
  // Also what an earlier prune left, which was killed.
  for (const name of (await ifThere(readdir(trash))) ?? []) {
    const path = join(trash, name);
    const isRoot = name.startsWith('root-');
    const digest = name.replace(/^root-/, '').replace('-', ':');
    if (after.has(digest)) {
      await ifThere(rename(path, isRoot ? roots.entryPath(digest) : blobs.path(digest)));
      continue;
    }
    freedBytes += await bytesOf(path, new Set());
    await removeTree(path);
    removed.add(digest);
  }
  return { removed: [...removed].sort(), freedBytes };
}

async function putAside(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch {
    // A directory is not renamed over another, which is left from a prune that was killed.
    await removeTree(to);
    await ifThere(rename(from, to));
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
