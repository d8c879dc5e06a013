/** The end of a file that another process writes, and what it goes on to write. */
import { constants, type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_BYTES = 64 * 1024;
/** Longest line that is kept together, in characters; what is longer comes in pieces. */
const MAX_LINE = 1024 * 1024;
/** Milliseconds between looks where no watcher tells of changes: not every file system does. */
const POLL_MS = 500;
const NEWLINE = 0x0a;

/**
 * Reads a file by lines, from some lines before its end. A file that is renamed away is read to its end, and then the
 * one that took its name; one that was cut short is read from its start. A file that is cut and has outgrown its
 * former size between two looks cannot be told from one that grew.
 */
export class FileTail {
  readonly path: string;
  #file: FileHandle | undefined;
  #position = 0;
  #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(path: string) {
    this.path = path;
  }

  /** Whether there is such a file; it is then at its last `count` lines. @throws the system's error, also for a directory */
  async open(count: number): Promise<boolean> {
    this.#file = await openFile(this.path);
    if (this.#file === undefined) return false;
    this.#position = await lastLines(this.#file, count);
    return true;
  }

  /** The lines that are there, without one that has no end yet. */
  async *lines(): AsyncGenerator<string> {
    yield* this.#toEnd();
    const next = await openFile(this.path);
    if (next === undefined) return;
    if (this.#file !== undefined && (await isSame(this.#file, next))) return next.close();
    // What was written to the old one since we looked, and before its writer went on to the new one.
    yield* this.#toEnd();
    yield* this.rest();
    await this.close();
    this.#file = next;
    yield* this.#toEnd();
  }

  /** The last line, when it has no end. */
  *rest(): Generator<string> {
    const line = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (line !== '') yield line;
  }

  /** Later reads begin with the file that has the name then. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#position = 0;
    await file?.close();
  }

  async *#toEnd(): AsyncGenerator<string> {
    const file = this.#file;
    if (file === undefined) return;
    const { size } = await file.stat();
    if (size < this.#position) {
      yield* this.rest();
      this.#position = 0;
    }
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      this.#rest = lines.pop() ?? '';
      yield* lines;
      if (this.#rest.length < MAX_LINE) continue;
      yield this.#rest;
      this.#rest = '';
    }
  }
}

/** Tells when any of some files may have changed; for one reader. */
export class FileWatch {
  readonly #watchers: readonly FSWatcher[];
  readonly #signal: AbortSignal;
  #isChanged = true;
  #wake: () => void = () => {};

  constructor(paths: readonly string[], signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#change);
    this.#watchers = [...new Set(paths.map((path) => dirname(path)))].flatMap((directory) => {
      try {
        // The directory, not the file, for the name may pass to another file.
        return [watch(directory, this.#change).on('error', () => {})];
      } catch {
        return [];
      }
    });
  }

  /** Resolves at the next change since the last call, at the latest after half a second; false when the signal aborted. */
  async next(): Promise<boolean> {
    if (!this.#isChanged && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isChanged = false;
    return !this.#signal.aborted;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#change);
    for (const watcher of this.#watchers) watcher.close();
  }

  readonly #change = (): void => {
    this.#isChanged = true;
    this.#wake();
  };
}

/** Undefined when there is none. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const status = await file.stat();
  if (status.isFile()) return file;
  await file.close();
  throw new Error(`${path} is not a regular file`);
}

async function isSame(file: FileHandle, other: FileHandle): Promise<boolean> {
  const [a, b] = await Promise.all([file.stat(), other.stat()]);
  return a.dev === b.dev && a.ino === b.ino;
}

/** Where the last `count` lines begin. A last line without an end counts as one. */
async function lastLines(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count === 0) return size;
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let remaining = count;
  for (let end = size; end > 0; ) {
    const begin = Math.max(end - CHUNK_BYTES, 0);
    const { bytesRead } = await file.read(buffer, 0, end - begin, begin);
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      if (buffer[index] !== NEWLINE || begin + index === size - 1) continue;
      remaining -= 1;
      if (remaining === 0) return begin + index + 1;
    }
    end = begin;
  }
  return 0;
}
