/** Where the root directories of containers come from. */
import { isLaunchportError, type Logger } from '../base/index.js';
import type { ImageDescription } from '../compat/index.js';
import { copyRoot, type ImageProgress, ImageStore, type ImageWorkOptions } from '../oci/index.js';
import type { ProgressReporter } from '../routes/index.js';

/** How the making of a root is watched. */
export interface RootBounds {
  readonly signal?: AbortSignal;
  readonly progress: ProgressReporter;
}

/** Roots of images. */
export interface ImageRoots {
  /** The unpacked root of an image, shared by all who only read it. @throws LaunchportError ERR_IMAGE_NOT_FOUND */
  find(image: ImageDescription, bounds: RootBounds): Promise<string>;
  /** Makes `to` a copy of a root. */
  copy(from: string, to: string, bounds: RootBounds): Promise<void>;
}

/** What each phase is called in progress. */
const PHASES: Readonly<Record<ImageProgress['phase'], string>> = {
  read: 'Reading image',
  import: 'Importing image',
  unpack: 'Unpacking image',
  copy: 'Copying root',
};

/** Roots from the image store in `directory`. */
export function storedImages(directory: string, logger: Logger): ImageRoots {
  const store = new ImageStore({ directory, logger });
  return {
    async find({ reference, descriptor }, bounds) {
      const options = watched(bounds);
      const image = await store.find(reference, options).catch((error: unknown) => {
        // The name may be another's by now, or upstream's full one; the digest is nobody else's.
        if (!isLaunchportError(error, 'ERR_IMAGE_NOT_FOUND', 'ERR_USAGE')) throw error;
        return store.find(descriptor.digest, options).catch(() => {
          throw error;
        });
      });
      return store.unpack(image, options);
    },
    copy: (from, to, bounds) => copyRoot(from, to, watched(bounds)),
  };
}

function watched({ signal, progress }: RootBounds): ImageWorkOptions {
  let phase: ImageProgress['phase'] | undefined;
  return {
    ...(signal === undefined ? {} : { signal }),
    onProgress: (now) => {
      const { completedBytes: size, totalBytes: totalSize } = now;
      progress.update({
        ...(now.phase === phase ? {} : { description: PHASES[now.phase] }),
        size,
        ...(totalSize === undefined ? {} : { totalSize }),
      });
      phase = now.phase;
    },
  };
}
