/** Unpacked images: whole directories, made once and shared. */
import { execFile } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { abortedError, type Logger } from '../../base/index.js';
import { ContentMeter, checked, type Digest, isDigest } from '../digest.js';
import { bounded, decompressed } from '../layer/layer-stream.js';
import { LayerUnpacker, type UnpackPolicy } from '../layer/layer-unpacker.js';
import { type UnpackReport, unpackReportSchema } from '../layer/unpack-report.js';
import { invalidImage } from '../limits.js';
import { compressionOf } from '../schema.js';
import type { ResolvedImage } from '../source/choose.js';
import { readTar } from '../tar/tar-reader.js';
import type { ImageWorkOptions } from '../types.js';
import type { BlobStore } from './blob-store.js';
import { counted, hasCode, ifThere, syncDirectory } from './files.js';
import type { Staging } from './staging.js';
import type { Trash } from './trash.js';

const ROOT = 'rootfs';
const REPORT = 'unpack.json';

/** Roots by the digest of their manifest. */
export class RootStore {
  readonly #directory: string;
  readonly #trash: Trash;
  readonly #logger: Logger;
  /** What this process unpacks: a second request waits for the first. */
  readonly #running = new Map<Digest, Promise<string>>();

  constructor(directory: string, trash: Trash, logger: Logger) {
    this.#directory = directory;
    this.#trash = trash;
    this.#logger = logger;
  }

  /** Where the root of an image is, or would be. */
  path(digest: Digest): string {
    return join(this.entryPath(digest), ROOT);
  }

  /** The directory of all that belongs to a root. */
  entryPath(digest: Digest): string {
    return join(this.#directory, digest.replace(':', '-'));
  }

  /** What a root is called where a prune has put it aside. */
  trashName(digest: Digest): string {
    return `root-${digest.replace(':', '-')}`;
  }

  /** What unpacking did; undefined for an image that is not unpacked. */
  async report(digest: Digest): Promise<UnpackReport | undefined> {
    const text = await ifThere(readFile(join(this.entryPath(digest), REPORT), 'utf8'));
    return text === undefined ? undefined : unpackReportSchema.parse(JSON.parse(text));
  }

  /** Digests of all images that are unpacked. */
  async list(): Promise<Digest[]> {
    const names = (await ifThere(readdir(this.#directory))) ?? [];
    return names.map((name) => name.replace('-', ':')).filter(isDigest);
  }

  /** The root of an image, unpacked if it is not yet. */
  async unpack(
    image: ResolvedImage,
    blobs: BlobStore,
    staging: Staging,
    policy: UnpackPolicy,
    options: ImageWorkOptions,
  ): Promise<string> {
    const { digest } = image.descriptor;
    for (;;) {
      if (await this.#isThere(digest)) return this.path(digest);
      const running = this.#running.get(digest);
      if (running === undefined) break;
      // Its failure is not ours: it may have been aborted.
      await settledOrAborted(running, options.signal);
    }
    const own = staging.use((stage) => this.#unpackInto(stage, image, blobs, policy, options));
    this.#running.set(digest, own);
    try {
      return await own;
    } finally {
      this.#running.delete(digest);
    }
  }

  async #unpackInto(
    stage: string,
    image: ResolvedImage,
    blobs: BlobStore,
    policy: UnpackPolicy,
    options: ImageWorkOptions,
  ): Promise<string> {
    const { digest } = image.descriptor;
    const directory = join(stage, 'image');
    const root = join(directory, ROOT);
    await mkdir(root, { recursive: true, mode: 0o700 });
    const report = await unpackLayers(root, image, blobs, policy, options);
    await writeFile(join(directory, REPORT), JSON.stringify(report), { mode: 0o600 });
    await syncTree(directory);
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    try {
      await rename(directory, this.entryPath(digest));
      await syncDirectory(this.#directory);
      tell(this.#logger, digest, report);
    } catch (error) {
      // Another process was faster, and made the same.
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    }
    return this.path(digest);
  }

  async #isThere(digest: Digest): Promise<boolean> {
    const entry = this.entryPath(digest);
    const found = await this.#trash.find(this.trashName(digest), entry, () => ifThere(lstat(entry)));
    if (found === undefined) return false;
    // Tells prunes that it is in use.
    const now = new Date();
    await ifThere(utimes(entry, now, now));
    return true;
  }
}

async function unpackLayers(
  root: string,
  image: ResolvedImage,
  blobs: BlobStore,
  policy: UnpackPolicy,
  options: ImageWorkOptions,
): Promise<UnpackReport> {
  const { limits } = policy;
  const { layers } = image.manifest;
  const totalBytes = layers.reduce((sum, layer) => sum + layer.size, 0);
  let completedBytes = 0;
  const tellBytes = (count: number) => {
    completedBytes += count;
    options.onProgress?.({ phase: 'unpack', completedBytes, totalBytes });
  };
  const unpacker = new LayerUnpacker(root, policy);
  for (const [index, layer] of layers.entries()) {
    const what = `layer ${index + 1} of ${layers.length}`;
    const compression = compressionOf(layer.mediaType);
    const diffId = image.config.rootfs.diff_ids[index];
    if (compression === undefined || diffId === undefined)
      throw invalidImage(`${what} is of type ${JSON.stringify(layer.mediaType.slice(0, 200))}`);
    const blob = blobs.open(what, layer);
    const watched = counted('unpacking an image', blob, options.signal, tellBytes);
    const tar = bounded(what, decompressed(what, watched, compression), 'maxLayerBytes', limits);
    const meter = new ContentMeter(`unpacked ${what}`, { digest: diffId });
    await unpacker.layer(readTar(what, checked(tar, meter), limits));
  }
  return unpacker.finish();
}

function tell(logger: Logger, digest: Digest, report: UnpackReport): void {
  const { entries, bytes, isOwnershipKept, skippedCount, skipped, setuidCount, xattrCount } = report;
  logger.info('unpacked an image', { digest, entries, bytes, isOwnershipKept, setuidCount, xattrCount });
  if (skippedCount > 0)
    logger.warn('left out entries of an image', { digest, skippedCount, first: skipped.slice(0, 5) });
}

/** Writes all to the disk, so that a root that has its name after a power failure is whole. Best effort. */
async function syncTree(directory: string): Promise<void> {
  const isLinux = process.platform === 'linux';
  await promisify(execFile)('sync', isLinux ? ['-f', dirname(directory)] : [], { timeout: 60_000 }).catch(
    () => {},
  );
}

async function settledOrAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  let onAbort = () => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) resolve();
  });
  await Promise.race([work.catch(() => {}), aborted]);
  signal?.removeEventListener('abort', onAbort);
  if (signal?.aborted) throw abortedError('unpacking an image', signal);
}
