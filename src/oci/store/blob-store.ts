/** Content under its digest: written whole and checked, or not there. */
import { createHash } from 'node:crypto';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LaunchportError } from '../../base/index.js';
import {
  ContentMeter,
  checked,
  type Digest,
  type ExpectedContent,
  isDigest,
  splitDigest,
} from '../digest.js';
import { type ImageLimits, limitError } from '../limits.js';
import { fileChunks, ifThere, openRegular, syncDirectory, writeAll } from './files.js';
import type { Trash } from './trash.js';

/** What was added. */
export interface AddedBlob {
  readonly digest: Digest;
  readonly size: number;
}

/** Blobs in one directory, and those that a prune has put aside and may yet bring back in another. */
export class BlobStore {
  readonly #directory: string;
  readonly #trash: Trash;

  constructor(directory: string, trash: Trash) {
    this.#directory = directory;
    this.#trash = trash;
  }

  /** Where a blob lies, or would. */
  entryPath(digest: Digest): string {
    const { algorithm, hex } = splitDigest(digest);
    return join(this.#directory, algorithm, hex);
  }

  /** Its size in bytes; undefined when it is not there. */
  async size(digest: Digest): Promise<number | undefined> {
    return (await this.#find(digest, (path) => ifThere(lstat(path))))?.size;
  }

  /** All digests. */
  async list(): Promise<Digest[]> {
    const digests: Digest[] = [];
    for (const algorithm of ['sha256', 'sha512'])
      for (const hex of (await ifThere(readdir(join(this.#directory, algorithm)))) ?? [])
        if (isDigest(`${algorithm}:${hex}`)) digests.push(`${algorithm}:${hex}`);
    return digests;
  }

  /** The bytes, checked as they pass. @throws LaunchportError ERR_IMAGE_INVALID when missing, ERR_IMAGE_DIGEST */
  async *open(what: string, expected: ExpectedContent): AsyncGenerator<Uint8Array> {
    // Opened by whoever reads, or else nobody would close it.
    const opened = await this.#find(expected.digest, (path) => ifThere(openRegular(path)));
    if (opened === undefined) {
      throw new LaunchportError('ERR_IMAGE_INVALID', `${what} ${expected.digest} is not in the store`, {
        hint: 'Import the image again.',
        details: { digest: expected.digest, isMissing: true },
      });
    }
    yield* checked(fileChunks(opened.file), new ContentMeter(what, expected));
  }

  /** A whole small blob, checked. */
  async read(what: string, expected: ExpectedContent, limits: ImageLimits): Promise<Buffer> {
    return collect(what, this.open(what, expected), limits);
  }

  /** Adds `chunks`, unless the blob is there. @throws LaunchportError ERR_IMAGE_DIGEST: then nothing was added */
  async add(
    what: string,
    expected: ExpectedContent,
    chunks: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
    stage: string,
  ): Promise<AddedBlob> {
    const size = await this.size(expected.digest);
    if (size !== undefined && (expected.size === undefined || expected.size === size)) {
      await this.#touch(expected.digest);
      return { digest: expected.digest, size };
    }
    const meter = new ContentMeter(what, expected);
    const staged = await stageFile(stage, checked(await chunks(), meter));
    await this.adopt(staged.path, expected.digest);
    return { digest: expected.digest, size: staged.size };
  }

  /** Adds `chunks`, whatever they are. */
  async addAny(chunks: AsyncIterable<Uint8Array>, stage: string): Promise<AddedBlob> {
    const { path, digest, size } = await stageFile(stage, chunks);
    await this.adopt(path, digest);
    return { digest, size };
  }

  /** Takes a staged file, which must be what `digest` says, and stays: an image may have one layer twice. */
  async adopt(staged: string, digest: Digest): Promise<void> {
    const path = this.entryPath(digest);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const second = `${staged}.blob`;
    await link(staged, second);
    await rename(second, path);
    await syncDirectory(dirname(path));
  }

  /** What a blob is called where a prune has put it aside. */
  trashName(digest: Digest): string {
    return digest.replace(':', '-');
  }

  #find<T>(digest: Digest, look: (path: string) => Promise<T | undefined>): Promise<T | undefined> {
    const path = this.entryPath(digest);
    return this.#trash.find(this.trashName(digest), path, () => look(path));
  }

  /** Tells prunes that it is in use, by its times. */
  async #touch(digest: Digest): Promise<void> {
    const now = new Date();
    await ifThere(utimes(this.entryPath(digest), now, now));
  }
}

/** Writes a new file in `stage`, synced, and tells its digest and size. */
export async function stageFile(
  stage: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<AddedBlob & { readonly path: string }> {
  const { path, file } = await newFile(stage);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of chunks) {
      await writeAll(file, chunk, size);
      hash.update(chunk);
      size += chunk.byteLength;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { path, size, digest: `sha256:${hash.digest('hex')}` };
}

/** All of a small stream in memory. @throws LaunchportError ERR_IMAGE_LIMIT */
export async function collect(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
  limits: ImageLimits,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.byteLength;
    if (length > limits.maxDocumentBytes) throw limitError(what, 'maxDocumentBytes', limits);
    parts.push(chunk);
  }
  return Buffer.concat(parts, length);
}

let fileCount = 0;

async function newFile(stage: string): Promise<{ path: string; file: FileHandle }> {
  fileCount += 1;
  const path = join(stage, `file-${fileCount}`);
  return { path, file: await open(path, 'wx', 0o600) };
}

/** Bytes at hand, as a stream. */
export async function* oneChunk(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}
