/** The container's log: every byte of its output in the order in which it came, in files of bounded size. */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { errorText, type Logger } from '../../../base/index.js';

/** Bytes of one file. */
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** How a log is kept. */
export interface OutputLogOptions {
  readonly logger: Logger;
  /** Bytes after which the file becomes `PATH.1`, and what was that before is dropped. Default 16 MiB. */
  readonly maxBytes?: number;
}

/** A log file that is only appended to, private to its user. What cannot be written is dropped, once with a warning. */
export class OutputLog {
  readonly path: string;
  readonly #logger: Logger;
  readonly #maxBytes: number;
  #file: FileHandle;
  #size: number;
  #last: Promise<void> = Promise.resolve();
  #hasFailed = false;

  private constructor(path: string, file: FileHandle, size: number, options: OutputLogOptions) {
    this.path = path;
    this.#file = file;
    this.#size = size;
    this.#logger = options.logger;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** Opens the log, and makes it when it is missing. What is in it stays. @throws the system's error */
  static async open(path: string, options: OutputLogOptions): Promise<OutputLog> {
    const file = await open(path, 'a', 0o600);
    const { size } = await file.stat();
    return new OutputLog(path, file, size, options);
  }

  /** Appends after all that was appended before. Resolves when it is with the system. Never rejects. */
  append(chunk: Uint8Array): Promise<void> {
    this.#last = this.#last.then(() => this.#write(chunk));
    return this.#last;
  }

  /** Closes it when all is written. What comes later is dropped. */
  async close(): Promise<void> {
    this.#last = this.#last.then(() => this.#file.close()).catch(() => {});
    await this.#last;
  }

  async #write(chunk: Uint8Array): Promise<void> {
    try {
      if (this.#size > 0 && this.#size + chunk.length > this.#maxBytes) await this.#rotate();
      await this.#file.appendFile(chunk);
      this.#size += chunk.length;
    } catch (error) {
      if (!this.#hasFailed)
        this.#logger.warn('output is not logged', { path: this.path, error: errorText(error) });
      this.#hasFailed = true;
    }
  }

  async #rotate(): Promise<void> {
    await rename(this.path, `${this.path}.1`);
    const next = await open(this.path, 'a', 0o600);
    await this.#file.close();
    this.#file = next;
    this.#size = 0;
  }
}
