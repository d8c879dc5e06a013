/** Images under names in one directory: imported from files, checked by digest, unpacked for containers to run in. */
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LaunchportError, type Logger, silentLogger } from '../base/index.js';
import { type Digest, isDigest } from './digest.js';
import type { UnpackPolicy } from './layer/layer-unpacker.js';
import type { UnpackReport } from './layer/unpack-report.js';
import { type ImageLimits, imageLimits } from './limits.js';
import { formatPlatform, hostPlatform } from './platform.js';
import { formatReference, isPath, nameToKeep, parseReference } from './reference.js';
import { OCI_MANIFEST } from './schema.js';
import { ImageChooser, type ResolvedImage } from './source/choose.js';
import { noSource, sourceKind } from './source/image-source.js';
import { importBlobs } from './source/import-blobs.js';
import { namesFor } from './source/naming.js';
import { BlobStore } from './store/blob-store.js';
import { ifThere } from './store/files.js';
import { NameIndex, type NameRecord } from './store/name-index.js';
import { prune } from './store/prune.js';
import { RootStore } from './store/root-store.js';
import { Staging } from './store/staging.js';
import { Trash } from './store/trash.js';
import { notFound, rootDirectory, stored } from './stored-image.js';
import {
  type FindOptions,
  type ImageWorkOptions,
  type ImportOptions,
  type PruneResult,
  ROOT_DIRECTORY_TYPE,
  type StoredImage,
} from './types.js';

/** Where a store is, and its bounds. */
export interface ImageStoreOptions {
  /** Made when needed, for the user alone; `<app root>/images` by convention. */
  readonly directory: string;
  readonly logger?: Logger;
  readonly limits?: Partial<ImageLimits>;
  /**
   * Whether programs keep their set-user-ID and set-group-ID bits; default false. They have no effect where
   * containers run without new privileges, and a copy of a root may come to lie where other users reach it.
   */
  readonly keepSetuid?: boolean;
}

/** How often an import begins again because a prune took what it had just brought. */
const ATTEMPTS = 3;
/** Milliseconds for which what was given by path, and has no name, is kept from a prune. */
const RECENT = 3_600_000;

/** A store. Several processes may use one directory at once; nothing of it has to be closed. */
export class ImageStore {
  readonly directory: string;
  readonly #policy: UnpackPolicy;
  readonly #blobs: BlobStore;
  readonly #roots: RootStore;
  readonly #names: NameIndex;
  /** What was given by path, so that an archive is not read anew each time. */
  readonly #paths: NameIndex;
  readonly #staging: Staging;
  readonly #trash: Trash;

  constructor({ directory, logger = silentLogger, limits, keepSetuid = false }: ImageStoreOptions) {
    this.directory = resolve(directory);
    const ownership = process.getuid?.() === 0;
    this.#policy = { limits: imageLimits(limits), ownership, setuid: keepSetuid };
    const at = (name: string) => join(this.directory, name);
    this.#trash = new Trash(at('trash'));
    this.#blobs = new BlobStore(at('blobs'), this.#trash);
    this.#roots = new RootStore(at('roots'), this.#trash, logger);
    this.#names = new NameIndex(at('names'), logger);
    this.#paths = new NameIndex(at('paths'), logger);
    this.#staging = new Staging(at('staging'));
  }

  /**
   * Imports an image: an OCI image layout, an OCI or docker-save archive (also with gzip or zstd), or a plain root
   * directory. The name it is kept under, if another image had it, is taken from that.
   * @throws LaunchportError ERR_IMAGE_NOT_FOUND, ERR_IMAGE_INVALID, ERR_IMAGE_DIGEST, ERR_IMAGE_LIMIT, ERR_USAGE,
   *   ERR_ABORTED; then nothing has changed
   */
  async import(source: string, options: ImportOptions = {}): Promise<StoredImage> {
    const path = resolve(source);
    const given = options.name === undefined ? undefined : nameToKeep(options.name);
    await this.#prepare();
    const { image, records } = await this.#importWhole(path, options, (resolved) =>
      given === undefined ? namesFor(path, resolved.names) : [given],
    );
    const [first] = records;
    return stored(first?.name ?? image.descriptor.digest, image, first);
  }

  /** All names, sorted. An image whose data is damaged is left out; `find` tells what is wrong with it. */
  async list(options: ImageWorkOptions = {}): Promise<StoredImage[]> {
    const images: StoredImage[] = [];
    for (const record of await this.#names.list()) {
      options.signal?.throwIfAborted();
      try {
        images.push(await this.#storedAs(record.name, record));
      } catch (error) {
        if (!(error instanceof LaunchportError)) throw error;
      }
    }
    return images;
  }

  /**
   * The image of a name, of a digest or of a path (see {@link isPath}). What lies at a path is brought into the store
   * without a name; but a plain root directory is used where it lies.
   * @throws LaunchportError ERR_IMAGE_NOT_FOUND, which tells how to import; ERR_IMAGE_INVALID for damaged data;
   *   ERR_USAGE for what is neither name, digest nor path; by path, all that {@link import} throws
   */
  async find(text: string, options: FindOptions = {}): Promise<StoredImage> {
    if (isPath(text)) return this.#findPath(resolve(text), options);
    if (/^sha(256|512):/.test(text)) return this.#findDigest(text);
    const reference = parseReference(text);
    const { digest } = reference;
    if (digest !== undefined) {
      const image = await this.#findDigest(digest, text);
      return { ...image, reference: formatReference(reference) };
    }
    const name = formatReference(reference);
    const record = await this.#names.get(name);
    if (record !== undefined) return this.#storedAs(name, record);
    // The first digits of a digest, as docker's users name images.
    if (/^[0-9a-f]{12,64}$/.test(text)) return this.#findDigest(`sha256:${text}`);
    throw notFound(name);
  }

  /** Takes a name away; {@link prune} then removes what nothing leads to. @throws LaunchportError ERR_IMAGE_NOT_FOUND */
  async remove(text: string): Promise<void> {
    const name = formatReference(parseReference(text));
    if (!(await this.#names.remove(name))) throw notFound(name);
  }

  /**
   * Removes blobs and unpacked images that no name leads to, and what interrupted work left. What was used by path
   * within the last hour is spared.
   * @param options.keep digests of images in use, whose data stays
   * @param options.all also what was used by path lately
   */
  async prune(
    options: ImageWorkOptions & { readonly keep?: Iterable<Digest>; readonly all?: boolean } = {},
  ): Promise<PruneResult> {
    await this.#prepare();
    for (const record of await this.#paths.list()) {
      if (options.all || record.importedAt < Date.now() - RECENT) await this.#paths.remove(record.name);
    }
    const keep = [...(options.keep ?? [])];
    return prune({
      blobs: this.#blobs,
      roots: this.#roots,
      trash: this.#trash,
      reachable: () => this.#reachable(keep),
      signal: options.signal,
    });
  }

  /**
   * The root directory of an image, unpacked if it is not yet: shared, whole, and by convention never written to. Its
   * links are those of the image: look at it only as a root (chroot, mount), for they may lead anywhere from outside.
   * @throws LaunchportError as {@link import} does, and ERR_UNSUPPORTED for zstd with an old Node
   */
  async unpack(
    image: Pick<StoredImage, 'digest' | 'mediaType' | 'size' | 'reference'>,
    options: ImageWorkOptions = {},
  ): Promise<string> {
    if (image.mediaType === ROOT_DIRECTORY_TYPE) return image.reference;
    await this.#prepare();
    const resolved = await this.#resolve(image);
    return this.#roots.unpack(resolved, this.#blobs, this.#staging, this.#policy, options);
  }

  /** What unpacking left out; undefined for an image that is not unpacked. */
  unpackReport({ digest }: Pick<StoredImage, 'digest'>): Promise<UnpackReport | undefined> {
    return this.#roots.report(digest);
  }

  /** Imports, gives names, and makes sure that no prune took blobs away before the names were there. */
  async #importWhole(
    path: string,
    options: ImportOptions,
    namesOf: (image: ResolvedImage) => readonly string[],
    into = this.#names,
    stamp?: string,
  ): Promise<{ image: ResolvedImage; records: readonly NameRecord[] }> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        const image = await this.#staging.use((stage) =>
          importBlobs(path, { blobs: this.#blobs, limits: this.#policy.limits, stage }, options),
        );
        const records = namesOf(image).map((name) => ({
          name,
          ...image.descriptor,
          importedAt: Date.now(),
          ...(stamp === undefined ? {} : { stamp }),
        }));
        for (const record of records) await into.set(record);
        if (await this.#isWhole(image)) return { image, records };
      } catch (error) {
        if (!(error instanceof LaunchportError && error.details.isMissing)) throw error;
      }
    }
    throw new LaunchportError('ERR_IMAGE_INVALID', `${path} was pruned while it was imported`, {
      hint: 'Import it again when no prune runs.',
    });
  }

  async #isWhole({ descriptor, manifest }: ResolvedImage): Promise<boolean> {
    for (const { digest } of [descriptor, manifest.config, ...manifest.layers])
      if ((await this.#blobs.size(digest)) === undefined) return false;
    return true;
  }

  async #findPath(path: string, options: FindOptions): Promise<StoredImage> {
    const { limits } = this.#policy;
    if ((await sourceKind(path, limits)) === 'root directory')
      return rootDirectory(await realpath(path), options);
    const stamp = `${await stampOf(path)} ${formatPlatform(options.platform ?? hostPlatform())}`;
    await this.#prepare();
    const known = await this.#paths.get(path).catch(() => undefined);
    if (known?.stamp === stamp) {
      const image = await this.#resolve(known).catch(() => undefined);
      if (image !== undefined && (await this.#isWhole(image))) {
        await this.#paths.set({ ...known, importedAt: Date.now() });
        return stored(path, image);
      }
    }
    const { image } = await this.#importWhole(path, options, () => [path], this.#paths, stamp);
    return stored(path, image);
  }

  async #findDigest(digest: string, asked = digest): Promise<StoredImage> {
    if (!isDigest(digest) && !/^sha256:[0-9a-f]{12,64}$/.test(digest)) {
      throw new LaunchportError('ERR_USAGE', `not a digest: ${JSON.stringify(digest.slice(0, 200))}`, {
        hint: 'A digest is sha256: and 12 to 64 digits, as launchport image list --digests prints it.',
      });
    }
    const records = [...(await this.#names.list()), ...(await this.#paths.list())];
    const found = records.filter((candidate) => candidate.digest.startsWith(digest));
    const [record] = found;
    if (record === undefined) throw notFound(asked);
    if (found.some((other) => other.digest !== record.digest)) {
      throw new LaunchportError('ERR_USAGE', `several images begin with ${digest}`, {
        hint: 'Give more digits.',
      });
    }
    return stored(record.digest, await this.#resolve(record));
  }

  async #storedAs(reference: string, record: NameRecord): Promise<StoredImage> {
    return stored(reference, await this.#resolve(record), record);
  }

  #resolve({
    digest,
    mediaType,
    size,
  }: Pick<NameRecord, 'digest' | 'mediaType' | 'size'>): Promise<ResolvedImage> {
    const { limits } = this.#policy;
    const read = (what: string, descriptor: { digest: Digest; size: number }) =>
      this.#blobs.read(what, descriptor, limits);
    return new ImageChooser(`image ${digest}`, read, limits).resolve({ digest, mediaType, size });
  }

  async #reachable(keep: readonly Digest[]): Promise<ReadonlySet<Digest>> {
    const reachable = new Set<Digest>();
    const records = [...(await this.#names.list()), ...(await this.#paths.list())];
    const kept = keep.map((digest) => ({ digest, mediaType: OCI_MANIFEST }));
    for (const { digest, mediaType } of [...records, ...kept]) {
      if (reachable.has(digest)) continue;
      reachable.add(digest);
      const size = await this.#blobs.size(digest);
      if (size === undefined) continue;
      try {
        const { manifest } = await this.#resolve({ digest, mediaType, size });
        for (const blob of [manifest.config, ...manifest.layers]) reachable.add(blob.digest);
      } catch (error) {
        if (!(error instanceof LaunchportError)) throw error;
      }
    }
    return reachable;
  }

  /** The directory is the user's alone: it holds programs of strangers. */
  async #prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const { mode } = await stat(this.directory);
    if ((mode & 0o777) !== 0o700) await chmod(this.directory, 0o700);
    await this.#staging.clean();
  }
}

/** What an archive, or the index of a layout, looks like from outside. */
async function stampOf(path: string): Promise<string> {
  const index = await ifThere(stat(join(path, 'index.json'), { bigint: true }));
  const status = index ?? (await ifThere(stat(path, { bigint: true })));
  if (status === undefined) throw noSource(path);
  return [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(':');
}
