/** JSON of a file system to mount (apple/container, Filesystem): Swift's enums are objects with one key. */
import * as z from 'zod';
import { payload } from './json.js';

const nothing = payload({});
const cacheMode = z.union([payload({ on: nothing }), payload({ off: nothing }), payload({ auto: nothing })]);
const syncMode = z.union([
  payload({ full: nothing }),
  payload({ fsync: nothing }),
  payload({ nosync: nothing }),
]);

/** What kind of file system it is. */
export const filesystemType = z.union([
  payload({ virtiofs: nothing }),
  payload({ tmpfs: nothing }),
  payload({ block: payload({ format: z.string(), cache: cacheMode, sync: syncMode }) }),
  payload({
    volume: payload({ name: z.string(), format: z.string(), cache: cacheMode, sync: syncMode }),
  }),
]);
/** See {@link filesystemType}. */
export type FilesystemType = z.output<typeof filesystemType>;

/** A file system and where it goes: a directory of the host (`virtiofs`), a disk image, a volume, or memory. */
export const filesystem = payload({
  type: filesystemType,
  source: z.string(),
  destination: z.string(),
  /** As those of mount(8); `ro` makes it read-only. */
  options: z.array(z.string()),
});
/** See {@link filesystem}. */
export type Filesystem = z.output<typeof filesystem>;
