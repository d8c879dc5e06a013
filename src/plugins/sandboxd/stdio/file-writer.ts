/** Writes to what the event loop cannot wait for: files, devices, and both sides of terminals. */
import { close, write } from 'node:fs';
import { Writable } from 'node:stream';

/** Milliseconds before a descriptor that takes nothing is asked again, at first and at most. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 50;

/** How a writer treats its descriptor. */
export interface FileWriterOptions {
  /** Whether the descriptor is closed at the end. Default true. */
  readonly isOwner?: boolean;
}

/**
 * A writable over any descriptor, at its current position. One that does not block is asked again when it takes
 * nothing. It is not destroyed while a write is under way, so that no number is closed that a write still uses.
 */
export class FileWriter extends Writable {
  readonly #descriptor: number;
  readonly #isOwner: boolean;
  #isWriting = false;
  #pause: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(descriptor: number, options: FileWriterOptions = {}) {
    super({ highWaterMark: 0, emitClose: true });
    this.#descriptor = descriptor;
    this.#isOwner = options.isOwner ?? true;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#writeFrom(chunk, 0, FIRST_PAUSE, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#pause);
    const finish = () => (this.#isOwner ? close(this.#descriptor, () => done(error)) : done(error));
    if (this.#isWriting) this.#whenIdle = finish;
    else finish();
  }

  #writeFrom(chunk: Buffer, from: number, pause: number, done: (error?: Error | null) => void): void {
    if (from >= chunk.length) {
      done();
      return;
    }
    this.#isWriting = true;
    write(this.#descriptor, chunk, from, chunk.length - from, null, (error, count) => {
      this.#isWriting = false;
      if (this.#whenIdle !== undefined) {
        this.#whenIdle();
        done(error);
      } else if (error === null) {
        this.#writeFrom(chunk, from + count, FIRST_PAUSE, done);
      } else if (error.code === 'EAGAIN') {
        this.#pause = setTimeout(() => {
          this.#writeFrom(chunk, from, Math.min(pause * 2, LONGEST_PAUSE), done);
        }, pause);
      } else done(error);
    });
  }
}
