/** Small things with files that several parts of the store need. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { abortedError } from '../../base/index.js';

const CHUNK_BYTES = 256 * 1024;

/** Writes all of `data` at `position`. */
export async function writeAll(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.byteLength; ) {
    const { bytesWritten } = await file.write(data, done, data.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Makes the names in a directory last through a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Opens a regular file for reading. @throws Error for anything else, such as a fifo, which would never end */
export async function openRegular(path: string): Promise<{ file: FileHandle; size: number }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw Object.assign(new Error(`${path} is no regular file`), { code: 'EINVAL' });
    return { file, size: status.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The bytes of an open file from its beginning; closes it. Each chunk is new memory. */
export async function* fileChunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  try {
    for (let position = 0; ; ) {
      const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** The bytes of a regular file. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const { file } = await openRegular(path);
  yield* fileChunks(file);
}

/** Passes bytes on until the signal aborts, telling how many. @throws LaunchportError ERR_ABORTED */
export async function* counted(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (signal?.aborted) throw abortedError(what, signal);
    yield chunk;
    onBytes(chunk.byteLength);
  }
}

/** Whether a system call failed with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** The result, or undefined when there is no such file. */
export async function ifThere<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
