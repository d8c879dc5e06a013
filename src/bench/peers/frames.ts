/** Messages in a stream of bytes: four bytes of length, least significant first, then the message. */

/** Bytes before each message. */
export const HEADER_BYTES = 4;

/** Cuts a stream into messages. */
export class FrameReader {
  readonly #onFrame: (frame: Buffer) => void;
  /** The message whose end has not come yet, header included; its length may not be known yet. */
  #partial: Buffer | undefined;
  #filled = 0;

  /** `onFrame` gets a view of the stream's own memory where a message came in one piece. */
  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void {
    let at = this.#partial === undefined ? 0 : this.#complete(this.#partial, chunk);
    if (this.#partial !== undefined) return;
    while (chunk.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + chunk.readUInt32LE(at);
      if (end > chunk.length) {
        // Allocated once, whatever its size: joining pieces over and over would copy them over and over.
        this.#begin(Buffer.allocUnsafeSlow(end - at), chunk, at);
        return;
      }
      this.#onFrame(chunk.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    if (at < chunk.length) this.#begin(Buffer.alloc(HEADER_BYTES), chunk, at);
  }

  #begin(partial: Buffer, chunk: Buffer, at: number): void {
    this.#partial = partial;
    this.#filled = chunk.copy(partial, 0, at);
  }

  /** Fills the message that has begun; gives where in the chunk it ends. */
  #complete(begun: Buffer, chunk: Buffer): number {
    let partial = begun;
    let at = 0;
    if (this.#filled < HEADER_BYTES) {
      at = chunk.copy(partial, this.#filled, 0, HEADER_BYTES - this.#filled);
      this.#filled += at;
      if (this.#filled < HEADER_BYTES) return at;
    }
    const size = HEADER_BYTES + partial.readUInt32LE(0);
    if (partial.length < size) {
      partial = Buffer.allocUnsafeSlow(size);
      partial.set(begun.subarray(0, HEADER_BYTES));
      this.#partial = partial;
    }
    const copied = chunk.copy(partial, this.#filled, at);
    this.#filled += copied;
    if (this.#filled < size) return at + copied;
    this.#partial = undefined;
    this.#filled = 0;
    this.#onFrame(partial.subarray(HEADER_BYTES, size));
    return at + copied;
  }
}
