/** Files of a source on their way into the blob store. */
import type { Digest, ExpectedContent } from '../digest.js';
import { sniffCompression } from '../layer/layer-stream.js';
import { type ImageLimits, invalidImage } from '../limits.js';
import type { Compression } from '../schema.js';
import type { AddedBlob, BlobStore } from '../store/blob-store.js';
import { counted } from '../store/files.js';
import type { ImportOptions } from '../types.js';
import type { ImageSource, SourceFile } from './image-source.js';

/** What imports need besides options. */
export interface ImportContext {
  readonly blobs: BlobStore;
  readonly limits: ImageLimits;
  /** A private directory on the file system of the blobs. */
  readonly stage: string;
}

/** Adds a file that has to be what `expected` says. @throws LaunchportError ERR_IMAGE_DIGEST */
export async function addFile(
  { blobs, stage }: ImportContext,
  what: string,
  expected: Required<ExpectedContent>,
  file: SourceFile,
): Promise<void> {
  if ((await blobs.size(expected.digest)) === expected.size) return;
  const { staged } = file;
  // It was hashed when it was staged.
  if (staged?.digest === expected.digest && staged.size === expected.size)
    await blobs.adopt(staged.path, staged.digest);
  else await blobs.add(what, expected, file.chunks, stage);
}

/** Adds a file that nobody told the digest of. */
export async function addAnyFile({ blobs, stage }: ImportContext, file: SourceFile): Promise<AddedBlob> {
  const { staged } = file;
  if (staged === undefined) return blobs.addAny(file.chunks(), stage);
  if ((await blobs.size(staged.digest)) !== staged.size) await blobs.adopt(staged.path, staged.digest);
  return { digest: staged.digest, size: staged.size };
}

/** The same file, whose reading can be ended and is told of. */
export function watched(
  source: ImageSource,
  file: SourceFile,
  options: ImportOptions,
  onBytes: (count: number) => void,
): SourceFile {
  return {
    ...file,
    chunks: () => counted(`importing ${source.name}`, file.chunks(), options.signal, onBytes),
  };
}

/** How a file is packed. */
export async function compressionOfFile(file: SourceFile): Promise<Compression> {
  for await (const chunk of file.chunks()) return sniffCompression(chunk);
  return 'none';
}

/** The file of a blob in a layout. @throws LaunchportError ERR_IMAGE_INVALID when there is none */
export async function blobFile(source: ImageSource, what: string, digest: Digest): Promise<SourceFile> {
  const file = await source.file(`blobs/${digest.replace(':', '/')}`);
  if (file === undefined) throw invalidImage(`${source.name} lacks the ${what} ${digest}`);
  return file;
}
