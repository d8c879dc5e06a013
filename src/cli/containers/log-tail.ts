/** A log behind a descriptor: its last lines, and what is added, byte for byte. */
import { fstatSync, read } from 'node:fs';
import { promisify } from 'node:util';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const readAt = promisify(read);

/** Reads a file by position, for its descriptor may be shared. */
export class LogTail {
  readonly #descriptor: number;
  #position = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Goes to the last `count` lines. A last line without an end counts as one. */
  async seekLines(count: number): Promise<void> {
    const size = this.#size();
    this.#position = count === 0 ? size : 0;
    if (count === 0) return;
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let remaining = count;
    for (let end = size; end > 0; ) {
      const begin = Math.max(end - CHUNK_BYTES, 0);
      const { bytesRead } = await readAt(this.#descriptor, buffer, 0, end - begin, begin);
      for (let index = bytesRead - 1; index >= 0; index -= 1) {
        if (buffer[index] !== NEWLINE || begin + index === size - 1) continue;
        remaining -= 1;
        if (remaining > 0) continue;
        this.#position = begin + index + 1;
        return;
      }
      end = begin;
    }
  }

  /** What has been written since, to the end of now. A log that was cut short is read from its start. */
  async *added(): AsyncGenerator<Uint8Array> {
    if (this.#size() < this.#position) this.#position = 0;
    for (;;) {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      const { bytesRead } = await readAt(this.#descriptor, buffer, 0, buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  #size(): number {
    return fstatSync(this.#descriptor).size;
  }
}
