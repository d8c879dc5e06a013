/** Reads words, strings and bytes, each padded to 4, and never beyond the end of a message. */
import { isUtf8 } from 'node:buffer';
import { LaunchportError } from '../base/index.js';
import { copyData } from './data-slab.js';
import { MAX_TABLE_WORDS, mix, StringTable } from './string-table.js';
import { XpcRawString } from './value.js';
import { padded } from './wire.js';

/** Up to this many bytes a string is put together character by character (measured on Node 20). */
const SHORT_STRING_LENGTH = 8;

const table = new StringTable();

/** A buffer with a read position and an end. */
export class Source {
  readonly view: DataView;
  readonly #bytes: Buffer;
  /** The same bytes; `slice` of a Buffer would not copy. */
  readonly #plain: Uint8Array;
  /** Whether the buffer is used again, so that data must be copied out of it. */
  readonly #isReused: boolean;
  /** Where the message starts, which the offsets in errors count from. */
  #start = 0;
  /** Where the next item is; always a multiple of 4 behind the start. */
  at = 0;
  end = 0;

  constructor(bytes: Uint8Array, isReused: boolean) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isReused = isReused;
  }

  /** Turns to the message between two offsets. */
  open(start: number, end: number): void {
    this.#start = start;
    this.at = start;
    this.end = end;
  }

  /** Moves on by `byteLength`, a multiple of 4, and returns where it was. @throws LaunchportError ERR_XPC_MALFORMED */
  take(byteLength: number): number {
    const at = this.at;
    if (at + byteLength > this.end) throw this.truncated();
    this.at = at + byteLength;
    return at;
  }

  /** Reads a dictionary key: bytes up to a NUL, padded. @throws LaunchportError ERR_XPC_MALFORMED */
  readKey(): string {
    const view = this.view;
    const start = this.at;
    const expected = table.expectedKey(view, start, this.end);
    if (expected !== undefined) {
      this.at = start + table.keyBytes;
      return expected;
    }
    let at = start;
    let hash = 0;
    let word: number;
    do {
      if (at + 4 > this.end) throw this.truncated();
      word = view.getInt32(at, true);
      hash = mix(hash, word);
      at += 4;
      // True while none of the four bytes is zero.
    } while (((word - 0x0101_0101) & ~word & 0x8080_8080) === 0);
    this.at = at;
    let nul = at - 4;
    while (this.#bytes[nul] !== 0) nul++;
    const byteLength = nul - start;
    if (byteLength >> 2 < MAX_TABLE_WORDS) {
      const known = table.find(view, start, byteLength, hash);
      if (known !== undefined) {
        table.expectKey(hash);
        return known;
      }
    }
    return this.#newKey(start, byteLength, hash);
  }

  #newKey(start: number, byteLength: number, hash: number): string {
    const key = this.#text(start, byteLength);
    if (key === undefined) throw this.malformed('a dictionary key is not UTF-8', start);
    return this.#keep(start, byteLength, hash, key);
  }

  #keep(start: number, byteLength: number, hash: number, value: string): string {
    if (byteLength >> 2 >= MAX_TABLE_WORDS) return value;
    return table.keep(this.view, start, byteLength, hash, value);
  }

  /** Reads a string: its length with the NUL, and no NUL before. @throws LaunchportError ERR_XPC_MALFORMED */
  readString(): string | XpcRawString {
    return this.readText(this.view.getUint32(this.take(4), true));
  }

  /** Reads the text of a string that takes `count` bytes with its NUL. @throws LaunchportError ERR_XPC_MALFORMED */
  readText(count: number): string | XpcRawString {
    const start = this.take(padded(count));
    const byteLength = count - 1;
    if (byteLength < 0) throw this.malformed('a string without its NUL', start);
    if (this.#bytes[start + byteLength] !== 0)
      throw this.malformed('a string does not end with a NUL', start);
    if (byteLength >> 2 < MAX_TABLE_WORDS) return this.#readShortString(start, byteLength);
    return this.#newString(start, byteLength);
  }

  #readShortString(start: number, byteLength: number): string | XpcRawString {
    const view = this.view;
    let hash = 0;
    const end = start + byteLength + 1;
    for (let at = start; at < end; at += 4) hash = mix(hash, view.getInt32(at, true));
    const known = table.find(view, start, byteLength, hash);
    if (known !== undefined) return known;
    const value = this.#newString(start, byteLength);
    return typeof value === 'string' ? this.#keep(start, byteLength, hash, value) : value;
  }

  #newString(start: number, byteLength: number): string | XpcRawString {
    const nul = this.#bytes.indexOf(0, start);
    if (nul !== start + byteLength) throw this.malformed('a string has a NUL before its end', nul);
    const text = this.#text(start, byteLength);
    return text ?? new XpcRawString(this.#plain.slice(start, start + byteLength));
  }

  /** The text of some bytes, or undefined when they are not UTF-8. */
  #text(start: number, byteLength: number): string | undefined {
    const bytes = this.#bytes;
    const end = start + byteLength;
    if (byteLength <= SHORT_STRING_LENGTH) {
      let text = '';
      let at = start;
      for (; at < end; at++) {
        const byte = bytes[at] as number;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (at === end) return text;
    }
    const text = bytes.toString('utf8', start, end);
    // U+FFFD stands for bytes that are not UTF-8, unless the sender meant just that character.
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) return undefined;
    return text;
  }

  /** Reads data: its length, then the bytes. What the padding holds does not matter. */
  readData(): Uint8Array {
    const count = this.view.getUint32(this.take(4), true);
    const start = this.take(padded(count));
    if (this.#isReused) return copyData(this.#plain, start, count);
    return this.#plain.subarray(start, start + count);
  }

  /** Reads `count` bytes, a multiple of 4, into an array of their own. */
  readBytes(count: number): Uint8Array {
    const start = this.take(count);
    return this.#plain.slice(start, start + count);
  }

  /** The error for a message that ends too early. */
  truncated(): LaunchportError {
    return this.malformed('the message ends in the middle of a value', this.at);
  }

  /** The error for bytes that are not XPC's. */
  malformed(what: string, at: number): LaunchportError {
    const offset = at - this.#start;
    return new LaunchportError('ERR_XPC_MALFORMED', `${what} (byte ${offset} of the message)`, {
      details: { offset },
    });
  }

  /** The error for more than a receiver takes. */
  limited(what: string, at: number): LaunchportError {
    const offset = at - this.#start;
    return new LaunchportError('ERR_XPC_LIMIT', `${what} (byte ${offset} of the message)`, {
      details: { offset },
    });
  }
}
