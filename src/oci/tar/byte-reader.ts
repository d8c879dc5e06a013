/** Bytes of a stream on demand: so many, or as they come. */

/** Thrown when a stream ends before what was asked for. */
export class TruncatedError extends Error {
  constructor(wanted: number, got: number) {
    super(`the archive ends early: ${wanted} bytes were to follow, ${got} did`);
  }
}

/** Pulls from a stream; nothing is read ahead of what is asked for, but for the rest of the last chunk. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #isEnded = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  /** Exactly `count` bytes; undefined at the end of the stream. @throws TruncatedError for an end between */
  async read(count: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < count) {
      const part = await this.take(count - length);
      if (part === undefined) {
        if (length === 0) return undefined;
        throw new TruncatedError(count, length);
      }
      parts.push(part);
      length += part.byteLength;
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) {
      return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
    }
    return Buffer.concat(parts, length);
  }

  /** Exactly `count` bytes. @throws TruncatedError */
  async readExactly(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    const bytes = await this.read(count);
    if (bytes === undefined) throw new TruncatedError(count, 0);
    return bytes;
  }

  /** At least one byte and at most `count`; undefined at the end. */
  async take(count: number): Promise<Uint8Array | undefined> {
    while (this.#rest.byteLength === 0) {
      if (this.#isEnded) return undefined;
      const { done, value } = await this.#source.next();
      if (done) {
        this.#isEnded = true;
        return undefined;
      }
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(part.byteLength);
    return part;
  }

  /** Passes over `count` bytes. @throws TruncatedError */
  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const part = await this.take(left);
      if (part === undefined) throw new TruncatedError(count, count - left);
      left -= part.byteLength;
    }
  }

  /** Reads to the end, so that whoever checks the stream sees all of it. */
  async drain(): Promise<void> {
    while ((await this.take(Number.MAX_SAFE_INTEGER)) !== undefined);
  }

  /** Lets go of the stream, wherever it is. */
  async close(): Promise<void> {
    this.#isEnded = true;
    this.#rest = new Uint8Array();
    await this.#source.return?.();
  }
}
