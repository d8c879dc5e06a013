/** How much of an image is believed before it is refused: nothing that a stranger packed may fill memory or the disk. */
import { LaunchportError } from '../base/index.js';

/** Bounds on one image. Beyond them an import or unpack fails with ERR_IMAGE_LIMIT. */
export interface ImageLimits {
  /** Bytes of an index, manifest or configuration; default 4 MiB, as registries have it. */
  readonly maxDocumentBytes: number;
  /** Indexes within indexes; default 4. */
  readonly maxIndexDepth: number;
  /** Indexes and manifests that are read to find one for the platform; default 256. */
  readonly maxDocuments: number;
  /** Layers of one image; default 512. */
  readonly maxLayers: number;
  /** Bytes of all blobs of one image, and of an archive that is imported; default 64 GiB. */
  readonly maxImageBytes: number;
  /** Bytes of all files of one image, holes counted; default 64 GiB. */
  readonly maxUnpackedBytes: number;
  /** Bytes of the tar stream of one layer, what its files do not account for included; default 128 GiB. */
  readonly maxLayerBytes: number;
  /** Entries of all layers of one image, and of an archive that is imported; default 1 000 000. */
  readonly maxEntries: number;
  /** Bytes of a path within an image, and of the target of a link; default 4096. */
  readonly maxPathBytes: number;
  /** Directories in a path; default 256. */
  readonly maxPathDepth: number;
  /** Bytes of an extended header in a tar archive; default 1 MiB. */
  readonly maxHeaderBytes: number;
}

const KIB = 1024;
const GIB = KIB ** 3;

export const DEFAULT_IMAGE_LIMITS: ImageLimits = {
  maxDocumentBytes: 4 * KIB ** 2,
  maxIndexDepth: 4,
  maxDocuments: 256,
  maxLayers: 512,
  maxImageBytes: 64 * GIB,
  maxUnpackedBytes: 64 * GIB,
  maxLayerBytes: 128 * GIB,
  maxEntries: 1_000_000,
  maxPathBytes: 4096,
  maxPathDepth: 256,
  maxHeaderBytes: KIB ** 2,
};

/** The defaults with `limits` over them. @throws RangeError for what is no positive number */
export function imageLimits(limits: Partial<ImageLimits> = {}): ImageLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in DEFAULT_IMAGE_LIMITS)) throw new RangeError(`there is no limit ${name}`);
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be a whole number`);
  }
  return { ...DEFAULT_IMAGE_LIMITS, ...limits };
}

/** The error for what is larger than `limit` allows. */
export function limitError(what: string, limit: keyof ImageLimits, limits: ImageLimits): LaunchportError {
  return new LaunchportError('ERR_IMAGE_LIMIT', `${what}: more than ${limit} (${limits[limit]})`, {
    details: { limit, value: limits[limit] },
    hint: `If the image is to be trusted, raise ${limit}.`,
  });
}

/** The error for content that is not what it has to be. */
export function invalidImage(message: string, cause?: unknown): LaunchportError {
  return new LaunchportError('ERR_IMAGE_INVALID', message, cause === undefined ? {} : { cause });
}
