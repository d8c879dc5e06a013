/** OCI images on disk: layouts and archives read, checked by digest, unpacked safely, kept under names. */
export { copyRoot } from './copy-root.js';
export type { Digest } from './digest.js';
export { ImageStore, type ImageStoreOptions } from './image-store.js';
export type { UnpackReport } from './layer/unpack-report.js';
export { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './limits.js';
export { formatPlatform, hostPlatform, type ImagePlatform, parsePlatform } from './platform.js';
export { formatReference, type ImageReference, isPath, parseReference } from './reference.js';
export type { ImageConfig } from './schema.js';
export {
  type FindOptions,
  type ImageProgress,
  type ImageWorkOptions,
  type ImportOptions,
  type PruneResult,
  ROOT_DIRECTORY_TYPE,
  type StoredImage,
} from './types.js';
