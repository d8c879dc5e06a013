/** A log file with a bound: when it is full it becomes the newest of some old ones, and starts anew. */
import {
  copyFileSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** How much is kept. */
export interface LogLimits {
  /** Bytes of one file; default 5 MiB. A line that is longer gets a file of its own. */
  readonly maxBytes?: number;
  /** Old files, `PATH.1` the newest; default 4. */
  readonly keep?: number;
}

/** Bytes of a log file when nothing else is said. */
export const DEFAULT_LOG_BYTES = 5 * 1024 * 1024;
/** Old log files when nothing else is said. */
export const DEFAULT_LOG_FILES = 4;

/**
 * Appends lines. The file stays the same one through rotation, its content is copied away: so the standard streams of
 * the process, which are open on it, always end up in the newest file, too. Not for two writers that both rotate.
 */
export class RotatingLog {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  readonly #descriptor: number;

  /** Opens the file, mode 0600, and makes its directory. @throws the system's error */
  constructor(path: string, { maxBytes = DEFAULT_LOG_BYTES, keep = DEFAULT_LOG_FILES }: LogLimits = {}) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    this.#descriptor = openLog(path);
  }

  /** Never throws: a full disk must not end the daemon. */
  write(line: string): void {
    try {
      const { size } = fstatSync(this.#descriptor);
      if (size > 0 && size + Buffer.byteLength(line) > this.#maxBytes) this.#rotate();
      writeSync(this.#descriptor, line);
    } catch {
      // There is nowhere left to tell it.
    }
  }

  #rotate(): void {
    for (let index = this.#keep - 1; index > 0; index -= 1) {
      try {
        renameSync(`${this.#path}.${index}`, `${this.#path}.${index + 1}`);
      } catch {
        rmSync(`${this.#path}.${index + 1}`, { force: true });
      }
    }
    if (this.#keep > 0) copyFileSync(this.#path, `${this.#path}.1`);
    ftruncateSync(this.#descriptor, 0);
  }
}

/** A descriptor that appends to the log. @throws the system's error */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o600);
}
