/** What callers of the store see: images, options and progress. */
import type { Digest } from './digest.js';
import type { ImagePlatform } from './platform.js';
import type { ImageConfig } from './schema.js';

/** How far a long operation has come. */
export interface ImageProgress {
  /** `read`: an archive is read; `import`: blobs are copied into the store; `unpack`: layers are unpacked; `copy`: a root is copied. */
  readonly phase: 'read' | 'import' | 'unpack' | 'copy';
  /** Bytes done in this phase; for `unpack` of the layers as they are packed. */
  readonly completedBytes: number;
  /** Bytes to do in this phase, when that is known. */
  readonly totalBytes?: number;
}

/** Options of everything that takes long. */
export interface ImageWorkOptions {
  /** Ends the work with ERR_ABORTED; what was half done is removed. */
  readonly signal?: AbortSignal;
  /** Called often; must not throw. */
  readonly onProgress?: (progress: ImageProgress) => void;
}

/** Options of finding an image. */
export interface FindOptions extends ImageWorkOptions {
  /** What to take from an image for several platforms when it is given by path; default Linux on this processor. */
  readonly platform?: ImagePlatform;
}

/** Options of an import. */
export interface ImportOptions extends FindOptions {
  /** The name to keep it under; default what the image itself says, or else the name of the file. */
  readonly name?: string;
  /** Which image, when there are several in one layout or archive: a name or tag as noted there. */
  readonly select?: string;
}

/** An image in the store. `digest`, `mediaType` and `size` are the descriptor of its manifest. */
export interface StoredImage {
  /** The name it was found by, in its full spelling; its digest or path if that was asked for. */
  readonly reference: string;
  /** Of the manifest for one platform. Of a plain root directory given by path: of the path, not of the content. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly size: number;
  /** Bytes of manifest, configuration and layers, as they are packed; 0 for a plain root directory given by path. */
  readonly totalSize: number;
  /** When it was built, if it says so. */
  readonly createdAt?: Date;
  /** When this name was given. Absent for an image that was asked for by digest or path. */
  readonly importedAt?: Date;
  readonly platform: ImagePlatform;
  readonly config: ImageConfig;
  /** Digests of the layers' tar archives, lowest first. */
  readonly diffIds: readonly Digest[];
}

/** What {@link ImageStore.prune} removed. */
export interface PruneResult {
  /** Digests of blobs and of unpacked images. */
  readonly removed: readonly Digest[];
  /** Bytes of files that went; files of unpacked images with several links count once. */
  readonly freedBytes: number;
}

/** The media type of a plain root directory that is used where it lies. */
export const ROOT_DIRECTORY_TYPE = 'application/vnd.launchport.root-directory';
