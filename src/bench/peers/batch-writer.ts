/** Writes to a stream once for all that is sent in one turn: a system call costs more than a small message. */
import type { Writable } from 'node:stream';

/** Largest sum of bytes that is copied together; above it the stream gets the pieces and makes one `writev` of them. */
const MAX_COPIED = 128 * 1024;

/** Collects buffers until the callbacks of the current turn have run. They must not change until then. */
export class BatchWriter {
  readonly #stream: Writable;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Sends `bytes` with whatever else is sent in this turn. */
  write(bytes: Buffer): void {
    // After the promises that a batch of replies has settled: each of them may send the next request.
    if (this.#pieces.push(bytes) === 1) process.nextTick(() => this.#flush());
    this.#bytes += bytes.length;
  }

  #flush(): void {
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    if (pieces.length === 1) this.#stream.write(pieces[0]);
    else if (bytes <= MAX_COPIED) this.#stream.write(Buffer.concat(pieces, bytes));
    else {
      this.#stream.cork();
      for (const piece of pieces) this.#stream.write(piece);
      this.#stream.uncork();
    }
  }
}
