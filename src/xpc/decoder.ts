/** Reads messages. Takes exactly what Apple's receiver takes, within the same limits, from peers that may be hostile. */
import type { IncomingRights } from './incoming-rights.js';
import { Source } from './source.js';
import {
  XpcDate,
  type XpcDictionary,
  XpcPortRight,
  type XpcPortType,
  XpcRichError,
  type XpcRight,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from './value.js';
import {
  MAGIC,
  MAX_ARRAY_COUNT,
  MAX_DEPTH,
  TYPE_WORD_END,
  Type,
  WIRE_HEADER_BYTES,
  WIRE_VERSION,
  type WireForm,
} from './wire.js';

/** Dictionaries up to this size get V8's fast layout; larger ones would lose it again. */
const MAX_FAST_COUNT = 16;

/** What the length of a rich error counts besides its text: two more words, a long one, and the NUL. */
const RICH_ERROR_EXTRA_BYTES = 13;

/** How to read. */
export interface DecodeOptions {
  /** `bare` (default): XPC's standalone serialization. `mach`: the payload of a Mach message. */
  readonly form?: WireForm;
  /**
   * Whether the bytes will be overwritten later. True (default): data values are copies. False: they are views of
   * the bytes, which must then stay as they are.
   */
  readonly isReused?: boolean;
}

/**
 * A decoder over one buffer. Where the format leaves room, its verdicts are these:
 * - any word but 0 is a true bool (senders only write 0 and 1);
 * - of equal keys the last wins, as in Apple's eager decoding;
 * - a type word within Apple's table whose low byte is not 0 is a null, and only the word is skipped;
 * - types that applications cannot send, and descriptors in the bare form, are malformed;
 * - byte lengths of containers and bytes behind the message are not looked at;
 * - a string that is not UTF-8 becomes an XpcRawString, but a key must be UTF-8, for it becomes a property name.
 */
export class Decoder {
  /** What came beside the bytes; undefined for a message without rights, and without a transport. */
  readonly rights: IncomingRights | undefined;
  readonly #source: Source;
  readonly #form: WireForm;
  #ports = 0;

  /** With `rights` the form is `mach`, and there is one message to decode. */
  constructor(bytes: Uint8Array, options: DecodeOptions = {}, rights?: IncomingRights) {
    this.#source = new Source(bytes, options.isReused ?? true);
    this.#form = rights === undefined ? (options.form ?? 'bare') : 'mach';
    this.rights = rights;
  }

  /**
   * Reads the message between two offsets.
   * @throws LaunchportError ERR_XPC_MALFORMED or ERR_XPC_LIMIT, with the offset within the message in `details`
   */
  decode(start: number, end: number): XpcDictionary {
    const source = this.#source;
    source.open(start, end);
    this.#ports = 0;
    source.take(WIRE_HEADER_BYTES);
    if (source.view.getUint32(start, true) !== MAGIC[this.#form]) {
      throw source.malformed(`not an XPC serialization of the ${this.#form} form`, start);
    }
    if (source.view.getUint32(start + 4, true) !== WIRE_VERSION) {
      throw source.malformed('not version 5 of the serialization', start + 4);
    }
    const word = source.view.getUint32(source.take(4), true);
    if (word !== Type.dictionary) throw source.malformed('the message is not a dictionary', start + 8);
    const message = this.#readDictionary(0);
    if (this.rights?.hasMore === true) throw source.malformed('more rights than places for them', source.at);
    return message;
  }

  /** `depth` is the number of containers around the value. */
  #readValue(depth: number): XpcValue {
    const source = this.#source;
    const at = source.take(4);
    const word = source.view.getUint32(at, true);
    switch (word) {
      case Type.string:
        return source.readString();
      case Type.int64:
        return source.view.getBigInt64(source.take(8), true);
      case Type.data:
        return source.readData();
      case Type.bool:
        return source.view.getUint32(source.take(4), true) !== 0;
      case Type.dictionary:
        return this.#readDictionary(depth);
      case Type.array:
        return this.#readArray(depth);
      case Type.uint64:
        return new XpcUint64(source.view.getBigUint64(source.take(8), true));
      case Type.double:
        return source.view.getFloat64(source.take(8), true);
      case Type.null:
        return null;
      case Type.date:
        return new XpcDate(source.view.getBigInt64(source.take(8), true));
      case Type.uuid:
        return new XpcUuid(source.readBytes(16));
      default:
        return this.#readRareValue(word, at);
    }
  }

  #readRareValue(word: number, at: number): XpcValue {
    switch (word) {
      case Type.fd:
        return this.#port('fd', at);
      case Type.endpoint:
        return this.#port('endpoint', at);
      case Type.machSend:
        return this.#port('mach send', at);
      case Type.shmem:
        return this.#port('shmem', at, this.#source.view.getBigUint64(this.#source.take(8), true));
      case Type.richError:
        return this.#readRichError(at);
      default:
        if (word >= Type.null && word < TYPE_WORD_END && (word & 0xff) !== 0) return null;
        throw this.#source.malformed(`0x${word.toString(16)} is not the type of a value`, at);
    }
  }

  #port(type: XpcPortType, at: number, byteLength?: bigint): XpcPortRight | XpcRight {
    if (this.#form === 'bare') throw this.#source.malformed(`a descriptor (${type}) in the bare form`, at);
    if (this.rights === undefined) return new XpcPortRight(type, this.#ports++, byteLength);
    const right = this.rights.next(type, byteLength);
    if (right === undefined) throw this.#source.malformed(`no right for this place (${type})`, at);
    return right;
  }

  /** Its length, whether to try again, the length of the text (twice, in two sizes), the text with its NUL. */
  #readRichError(at: number): XpcRichError {
    const source = this.#source;
    const head = source.take(16);
    const byteLength = source.view.getUint32(head, true) - RICH_ERROR_EXTRA_BYTES;
    if (BigInt(byteLength) !== source.view.getBigUint64(head + 8, true)) {
      throw source.malformed('a rich error whose two lengths do not agree', at);
    }
    return new XpcRichError(
      String(source.readText(byteLength + 1)),
      source.view.getUint32(head + 4, true) !== 0,
    );
  }

  #readDictionary(depth: number): XpcDictionary {
    const count = this.#enter('dictionary', 8, depth);
    // Both are objects without prototype; the first way keeps V8's fast layout (measured on Node 20).
    const dictionary: Record<string, XpcValue> =
      count <= MAX_FAST_COUNT ? Object.setPrototypeOf({}, null) : Object.create(null);
    for (let i = 0; i < count; i++) {
      const key = this.#source.readKey();
      dictionary[key] = this.#readValue(depth + 1);
    }
    return dictionary;
  }

  #readArray(depth: number): XpcValue[] {
    const count = this.#enter('array', 4, depth);
    const array: XpcValue[] = [];
    for (let i = 0; i < count; i++) array.push(this.#readValue(depth + 1));
    return array;
  }

  /** Reads the head of a container and refuses a count that the bytes left cannot hold, before memory is taken. */
  #enter(what: 'array' | 'dictionary', leastBytes: number, depth: number): number {
    const source = this.#source;
    if (depth >= MAX_DEPTH)
      throw source.limited(`more than ${MAX_DEPTH} containers inside one another`, source.at);
    const at = source.take(8) + 4;
    const count = source.view.getUint32(at, true);
    if (what === 'array' && count > MAX_ARRAY_COUNT)
      throw source.limited(`${count} elements in an array`, at);
    if (count * leastBytes > source.end - source.at) {
      throw source.malformed(`${what} of ${count} entries in ${source.end - source.at} bytes`, at);
    }
    return count;
  }
}
