/** Writes words, strings and bytes, each padded to 4, into a buffer that is already there. */
import { LaunchportError } from '../base/index.js';
import { assertText } from './text.js';
import { MAX_DATA_BYTES, padded, Type } from './wire.js';

/** Up to this length a loop over the characters beats a call into native code (measured on Node 20). */
const SHORT_STRING_LENGTH = 24;

/** Up to this length a loop over the bytes beats `TypedArray.set` (measured on Node 20). */
const SHORT_DATA_LENGTH = 12;

/** Thrown when the buffer is too small. Made once, for a stack trace costs more than a message. */
export const NO_ROOM = new Error('the message does not fit the buffer');

/** A buffer with a write position. */
export class Sink {
  readonly view: DataView;
  readonly #bytes: Buffer;
  readonly #limit: number;
  /** Where the next item goes; always a multiple of 4. */
  at = 0;

  constructor(buffer: ArrayBuffer) {
    this.view = new DataView(buffer);
    this.#bytes = Buffer.from(buffer);
    this.#limit = buffer.byteLength;
  }

  /** Moves on by `byteLength` and returns where it was. @throws NO_ROOM */
  reserve(byteLength: number): number {
    const at = this.at;
    if (at + byteLength > this.#limit) throw NO_ROOM;
    this.at = at + byteLength;
    return at;
  }

  /** Writes an int64, uint64 or date. The value is known to fit. */
  writeInteger(type: number, value: bigint): void {
    const at = this.reserve(12);
    this.view.setInt32(at, type, true);
    // Writes the low 64 bits, which are the same for a signed and an unsigned value.
    this.view.setBigInt64(at + 4, value, true);
  }

  /** Writes an encoded key. */
  writeWords(words: Int32Array): void {
    const at = this.reserve(words.length * 4);
    for (let i = 0; i < words.length; i++) this.view.setInt32(at + i * 4, words[i] as number, true);
  }

  /** Writes a string. @throws NO_ROOM, or LaunchportError ERR_XPC_VALUE when it is not one of XPC's */
  writeString(value: string): void {
    const length = value.length;
    // What an ASCII string takes; no string of this length takes less.
    const size = 8 + padded(length + 1);
    const start = this.at;
    if (start + size > this.#limit) throw NO_ROOM;
    const view = this.view;
    view.setInt32(start, Type.string, true);
    view.setInt32(start + size - 4, 0, true);
    if (length <= SHORT_STRING_LENGTH && this.#writeAscii(value, start + 8)) {
      view.setUint32(start + 4, length + 1, true);
      this.at = start + size;
    } else {
      this.#writeLongString(value);
    }
  }

  /** False when the string is not all ASCII, or holds a NUL. */
  #writeAscii(value: string, start: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit === 0 || unit > 0x7f) return false;
      bytes[start + i] = unit;
    }
    return true;
  }

  #writeLongString(value: string): void {
    const start = this.at;
    // UTF-8 takes at most 3 bytes per unit: with that much room the length need not be counted first.
    if (start + 12 + value.length * 3 > this.#limit) {
      const byteLength = Buffer.byteLength(value);
      if (start + 8 + padded(byteLength + 1) > this.#limit) throw NO_ROOM;
    }
    const written = this.#bytes.write(value, start + 8, 'utf8');
    // More bytes than units means that it is not all ASCII, and only then can it hold half a pair.
    if (written !== value.length || value.includes('\0')) assertText(value, 'the string');
    this.view.setUint32(start + 4, written + 1, true);
    this.#finish(start + 8 + written, 1);
  }

  /**
   * Writes a counted run of bytes; `zeros` more of them, 0 or 1, belong to the value and are counted.
   * @throws NO_ROOM, or LaunchportError ERR_XPC_LIMIT for 4 GiB and more
   */
  writeBytes(type: number, value: Uint8Array, zeros: number): void {
    const length = value.length;
    if (length + zeros > MAX_DATA_BYTES) {
      throw new LaunchportError('ERR_XPC_LIMIT', `${length} bytes in one value, more than ${MAX_DATA_BYTES}`);
    }
    const start = this.at;
    if (start + 8 + padded(length + zeros) > this.#limit) throw NO_ROOM;
    this.view.setInt32(start, type, true);
    this.view.setUint32(start + 4, length + zeros, true);
    this.#copy(value, start + 8);
    this.#finish(start + 8 + length, zeros);
  }

  /** Writes a UUID. */
  writeUuid(value: Uint8Array): void {
    const at = this.reserve(20);
    this.view.setInt32(at, Type.uuid, true);
    this.#bytes.set(value, at + 4);
  }

  #copy(value: Uint8Array, at: number): void {
    const length = value.length;
    if (length > SHORT_DATA_LENGTH) this.#bytes.set(value, at);
    else for (let i = 0; i < length; i++) this.#bytes[at + i] = value[i] as number;
  }

  /** Pads with zeros, `zeros` of them at least. */
  #finish(start: number, zeros: number): void {
    const end = padded(start + zeros);
    for (let at = start; at < end; at++) this.#bytes[at] = 0;
    this.at = end;
  }
}
