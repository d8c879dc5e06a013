/** Digests of content: their spelling, and bytes counted and hashed as they pass (OCI image-spec, descriptor). */
import { createHash, type Hash } from 'node:crypto';
import { LaunchportError } from '../base/index.js';
import { invalidImage } from './limits.js';

/** `sha256:` or `sha512:` and lower-case hexadecimal digits. */
export type Digest = string;

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether `text` is a digest of an algorithm we know; then it is also safe as part of a path. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The algorithm and the digits. @throws LaunchportError ERR_IMAGE_INVALID */
export function splitDigest(digest: Digest): { algorithm: 'sha256' | 'sha512'; hex: string } {
  if (!isDigest(digest)) throw invalidImage(`not a digest: ${JSON.stringify(digest.slice(0, 200))}`);
  const [algorithm, hex] = digest.split(':') as ['sha256' | 'sha512', string];
  return { algorithm, hex };
}

/** The digest of bytes that are at hand. */
export function digestOf(data: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** What a stream should turn out to be. */
export interface ExpectedContent {
  readonly digest: Digest;
  /** In bytes; absent when nobody said. */
  readonly size?: number;
}

/** Counts and hashes bytes as they pass, in the algorithm of what is expected. */
export class ContentMeter {
  readonly #expected: ExpectedContent;
  readonly #what: string;
  readonly #hash: Hash;
  #size = 0;

  constructor(what: string, expected: ExpectedContent) {
    this.#what = what;
    this.#expected = expected;
    this.#hash = createHash(splitDigest(expected.digest).algorithm);
  }

  /** @throws LaunchportError ERR_IMAGE_DIGEST as soon as there is more than was expected */
  update(chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    const { size } = this.#expected;
    if (size !== undefined && this.#size > size) throw this.#mismatch(`has more than ${size} bytes`);
    this.#hash.update(chunk);
  }

  /** Call once, at the end. @throws LaunchportError ERR_IMAGE_DIGEST when it was not what was expected */
  finish(): void {
    const { digest, size } = this.#expected;
    if (size !== undefined && this.#size !== size)
      throw this.#mismatch(`has ${this.#size} bytes instead of ${size}`);
    const actual = `${splitDigest(digest).algorithm}:${this.#hash.digest('hex')}`;
    if (actual !== digest) throw this.#mismatch(`is ${actual}`);
  }

  #mismatch(text: string): LaunchportError {
    const { digest, size } = this.#expected;
    return new LaunchportError('ERR_IMAGE_DIGEST', `${this.#what} ${digest} ${text}`, {
      details: { digest, ...(size === undefined ? {} : { size }) },
      hint: 'The image is damaged or was tampered with: get it again.',
    });
  }
}

/** Passes bytes on and checks them; the end is only reached when they were what was expected. */
export async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  meter: ContentMeter,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    meter.update(chunk);
    yield chunk;
  }
  meter.finish();
}
