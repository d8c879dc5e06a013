/** Reads small files of a container, which may be anything. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { openPlace, systemError } from './inside.js';

/**
 * A file of the container as text, at most `limit` bytes of it; undefined when there is none.
 * @throws the system's error; EINVAL for what is no file
 */
export async function readInside(root: string, path: string, limit = 1 << 20): Promise<string | undefined> {
  try {
    await using place = await openPlace(root, path, { followLast: true });
    // A pipe in its place must not make anybody wait.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(place.at(), flags);
    try {
      if (!(await file.stat()).isFile()) throw systemError('EINVAL', path);
      const buffer = Buffer.alloc(limit);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, limit - length, null);
        length += bytesRead;
        if (bytesRead === 0 || length === limit) return buffer.toString('utf8', 0, length);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
