/**
 * Removes what no name leads to, while other processes import. No locks: a blob is first put aside, then the names are
 * read again, and what a new name leads to is brought back; whoever misses it meanwhile brings it back, too. An import
 * looks after its blobs when its name is there, and begins again when one is gone for good. What was made or used since
 * the prune began is left alone: names that lead to it may be too new to be known.
 */
import { lstat, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../digest.js';
import type { PruneResult } from '../types.js';
import type { BlobStore } from './blob-store.js';
import { ifThere } from './files.js';
import type { RootStore } from './root-store.js';
import type { Trash } from './trash.js';

/** What a prune works on. */
export interface PruneContext {
  readonly blobs: BlobStore;
  readonly roots: RootStore;
  readonly trash: Trash;
  /** Digests of all that names lead to: manifests, configurations, layers. */
  readonly reachable: () => Promise<ReadonlySet<Digest>>;
  readonly signal?: AbortSignal | undefined;
}

const ROOT = 'root-';

/** Removes what is not reachable. */
export async function prune({ blobs, roots, trash, reachable, signal }: PruneContext): Promise<PruneResult> {
  const { own, all } = await trash.open();
  const begin = Date.now();
  const before = await reachable();
  for (const store of [blobs, roots]) {
    for (const digest of await store.list()) {
      if (signal?.aborted) break;
      if (before.has(digest)) continue;
      const path = store.entryPath(digest);
      const status = await ifThere(lstat(path));
      if (status === undefined || status.ctimeMs >= begin) continue;
      await ifThere(rename(path, join(own, store.trashName(digest))));
    }
  }
  const after = await reachable();
  const removed = new Set<Digest>();
  let freedBytes = 0;
  const placeOf = (name: string) => {
    const digest = digestOf(name);
    if (!after.has(digest)) return undefined;
    return name.startsWith(ROOT) ? roots.entryPath(digest) : blobs.entryPath(digest);
  };
  for (const directory of all) {
    await trash.empty(directory, placeOf, (name, bytes) => {
      removed.add(digestOf(name));
      freedBytes += bytes;
    });
  }
  return { removed: [...removed].sort(), freedBytes };
}

/** `sha256-…`, `root-sha256-…`, and either behind `doomed-`. */
function digestOf(name: string): Digest {
  return name.replace(/^(?:doomed-)?(?:root-)?/, '').replace('-', ':');
}
