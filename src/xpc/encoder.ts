/** Writes messages into a buffer that is already there: a port's outbox, or one of just the right size. */
import { types } from 'node:util';
import { isLaunchportError, LaunchportError } from '../base/index.js';
import { XpcFileDescriptor } from './file-descriptor.js';
import { libxpcOrder } from './order.js';
import { isRight, type OutgoingRights } from './outgoing-rights.js';
import { XpcSharedMemory } from './shared-memory.js';
import { NO_ROOM, Sink } from './sink.js';
import { encodedKey } from './text.js';
import {
  date,
  XpcDate,
  type XpcMessage,
  XpcPortRight,
  type XpcPortType,
  XpcRawString,
  XpcRichError,
  type XpcRight,
  type XpcSendable,
  XpcUint64,
  XpcUuid,
} from './value.js';
import {
  MAGIC,
  MAX_ARRAY_COUNT,
  MAX_DEPTH,
  Type,
  WIRE_HEADER_BYTES,
  WIRE_VERSION,
  type WireForm,
} from './wire.js';

const PORT_WORDS: Readonly<Record<XpcPortType, number>> = {
  fd: Type.fd,
  endpoint: Type.endpoint,
  shmem: Type.shmem,
  'mach send': Type.machSend,
};

/** How to write. */
export interface EncodeOptions {
  /** `bare` (default): XPC's standalone serialization. `mach`: the payload of a Mach message. */
  readonly form?: WireForm;
  /** `insertion` (default): entries as the object has them. `libxpc`: as Apple's library would write them. */
  readonly order?: 'insertion' | 'libxpc';
}

/** What {@link Encoder.encode} returns for a message that does not fit the buffer. */
export const DOES_NOT_FIT = -1;

/** What {@link Encoder.encode} returns for a message with rights when it was told to look out for them. */
export const HAS_RIGHTS = -2;

const RIGHT_FOUND = new Error('the message has rights');

/** An encoder over one buffer. It keeps nothing between messages, except that `rights` are those of one. */
export class Encoder {
  readonly #sink: Sink;
  /** Where rights go; `stop`: they end the encoding; undefined: they cannot be sent. */
  readonly #rights: OutgoingRights | 'stop' | undefined;
  readonly #form: WireForm;
  readonly #isLibxpcOrder: boolean;
  #ports = 0;
  /** The keys and indexes that lead to the value being written, for error messages; the first `#depth` count. */
  readonly #path: (string | number)[] = [];
  #depth = 0;

  /** With a table for `rights` the form is `mach`. */
  constructor(buffer: ArrayBuffer, options: EncodeOptions = {}, rights?: OutgoingRights | 'stop') {
    this.#sink = new Sink(buffer);
    this.#rights = rights;
    this.#form = typeof rights === 'object' ? 'mach' : (options.form ?? 'bare');
    this.#isLibxpcOrder = options.order === 'libxpc';
  }

  /**
   * Writes a message at `offset`, a multiple of 4. Returns the offset of its end, or {@link DOES_NOT_FIT} or
   * {@link HAS_RIGHTS}, both below 0; the bytes behind `offset` are undefined then.
   * @throws LaunchportError ERR_XPC_VALUE, ERR_XPC_LIMIT, ERR_XPC_STATE for a right that is used up, or ERR_UNSUPPORTED
   * for what cannot be sent this way; TypeError for what is no dictionary
   */
  encode(message: XpcMessage, offset: number): number {
    const sink = this.#sink;
    this.#ports = 0;
    this.#depth = 0;
    sink.at = offset;
    const isMap = message instanceof Map;
    if (!isMap && !isPlainObject(message)) {
      throw new TypeError(`a message must be a plain object or a Map, not ${describe(message)}`);
    }
    try {
      sink.reserve(WIRE_HEADER_BYTES);
      sink.view.setInt32(offset, MAGIC[this.#form], true);
      sink.view.setInt32(offset + 4, WIRE_VERSION, true);
      if (isMap) this.#writeMap(message, 0);
      else this.#writePlainObject(message, 0);
      return sink.at;
    } catch (error) {
      if (error === NO_ROOM) return DOES_NOT_FIT;
      if (error === RIGHT_FOUND) return HAS_RIGHTS;
      throw this.#depth > 0 && isLaunchportError(error) ? this.#located(error) : error;
    }
  }

  /** `depth` is the number of containers around the value. */
  #writeValue(value: XpcSendable, depth: number): void {
    const sink = this.#sink;
    switch (typeof value) {
      case 'string':
        sink.writeString(value);
        break;
      case 'bigint':
        if (BigInt.asIntN(64, value) !== value) throw outOfRange(value);
        sink.writeInteger(Type.int64, value);
        break;
      case 'number': {
        const at = sink.reserve(12);
        sink.view.setInt32(at, Type.double, true);
        sink.view.setFloat64(at + 4, value, true);
        break;
      }
      case 'boolean': {
        const at = sink.reserve(8);
        sink.view.setInt32(at, Type.bool, true);
        sink.view.setInt32(at + 4, value ? 1 : 0, true);
        break;
      }
      case 'object':
        if (value === null) sink.view.setInt32(sink.reserve(4), Type.null, true);
        else this.#writeObject(value, depth);
        break;
      default:
        throw unfit(value);
    }
  }

  #writeObject(value: Extract<XpcSendable, object>, depth: number): void {
    const sink = this.#sink;
    if (value instanceof Uint8Array) sink.writeBytes(Type.data, value, 0);
    else if (Array.isArray(value)) this.#writeArray(value, depth);
    else if (isPlainObject(value)) this.#writePlainObject(value, depth);
    else if (value instanceof XpcUint64) sink.writeInteger(Type.uint64, value.value);
    else if (value instanceof XpcDate) sink.writeInteger(Type.date, value.nanoseconds);
    else if (value instanceof Date) sink.writeInteger(Type.date, date(value).nanoseconds);
    else if (value instanceof XpcUuid) sink.writeUuid(value.bytes);
    else if (value instanceof Map) this.#writeMap(value, depth);
    else if (value instanceof XpcRawString) sink.writeBytes(Type.string, value.bytes, 1);
    else if (isRight(value)) this.#writeRight(value);
    else if (value instanceof XpcPortRight) this.#writePort(value);
    else if (value instanceof XpcRichError) throw unsupported('a rich error can only be received');
    // Of another realm, such as a vm context.
    else if (types.isUint8Array(value)) sink.writeBytes(Type.data, value, 0);
    else throw unfit(value);
  }

  #writePlainObject(value: { readonly [key: string]: XpcSendable }, depth: number): void {
    if (this.#isLibxpcOrder) {
      this.#writeMap(new Map(Object.entries(value)), depth);
      return;
    }
    const keys = Object.keys(value);
    const start = this.#open(Type.dictionary, keys.length, depth);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      this.#writeEntry(key, value[key] as XpcSendable, depth);
    }
    this.#close(start);
  }

  #writeMap(value: ReadonlyMap<string, XpcSendable>, depth: number): void {
    const start = this.#open(Type.dictionary, value.size, depth);
    for (const [key, item] of this.#isLibxpcOrder ? libxpcOrder(value) : value) {
      this.#writeEntry(key, item, depth);
    }
    this.#close(start);
  }

  #writeEntry(key: string, value: XpcSendable, depth: number): void {
    this.#path[depth] = key;
    this.#depth = depth + 1;
    this.#sink.writeWords(encodedKey(key));
    this.#writeValue(value, depth + 1);
  }

  #writeArray(value: readonly XpcSendable[], depth: number): void {
    if (value.length > MAX_ARRAY_COUNT) {
      throw new LaunchportError(
        'ERR_XPC_LIMIT',
        `${value.length} elements in an array, more than ${MAX_ARRAY_COUNT}`,
      );
    }
    const start = this.#open(Type.array, value.length, depth);
    for (let i = 0; i < value.length; i++) {
      this.#path[depth] = i;
      this.#depth = depth + 1;
      this.#writeValue(value[i] as XpcSendable, depth + 1);
    }
    this.#close(start);
  }

  #open(type: number, count: number, depth: number): number {
    if (depth >= MAX_DEPTH) {
      throw new LaunchportError('ERR_XPC_LIMIT', `more than ${MAX_DEPTH} containers inside one another`, {
        hint: 'Look for an object that contains itself.',
      });
    }
    const start = this.#sink.reserve(12);
    this.#sink.view.setInt32(start, type, true);
    this.#sink.view.setUint32(start + 8, count, true);
    return start;
  }

  /** Fills in the byte length, which counts everything behind its own word. */
  #close(start: number): void {
    this.#sink.view.setUint32(start + 4, this.#sink.at - start - 8, true);
  }

  #writeRight(value: XpcRight): void {
    if (this.#rights === 'stop') throw RIGHT_FOUND;
    if (this.#rights === undefined)
      throw unsupported(`${describe(value)} can only be sent over a connection`);
    this.#rights.add(value);
    const sink = this.#sink;
    const type =
      value instanceof XpcFileDescriptor ? 'fd' : value instanceof XpcSharedMemory ? 'shmem' : 'endpoint';
    sink.view.setInt32(sink.reserve(4), PORT_WORDS[type], true);
    if (value instanceof XpcSharedMemory) {
      sink.view.setBigUint64(sink.reserve(8), BigInt(value.byteLength), true);
    }
  }

  #writePort(value: XpcPortRight): void {
    if (this.#form === 'bare' || this.#rights !== undefined) {
      throw unsupported(`a place for a right (${value.type}) cannot be sent in this form`);
    }
    // The word carries no number: the receiver counts. Another number would be silently replaced.
    if (value.index !== this.#ports) {
      throw new LaunchportError(
        'ERR_XPC_VALUE',
        `descriptor ${value.index} is encoded as number ${this.#ports}`,
        {
          hint: 'Number descriptors from 0 in the order they are encoded.',
        },
      );
    }
    this.#ports++;
    const sink = this.#sink;
    sink.view.setInt32(sink.reserve(4), PORT_WORDS[value.type], true);
    if (value.byteLength !== undefined) sink.view.setBigUint64(sink.reserve(8), value.byteLength, true);
  }

  #located(error: LaunchportError): LaunchportError {
    const steps = this.#path.slice(0, this.#depth);
    // A cycle makes a path of hundreds of steps; its beginning tells enough.
    const shown = steps.length > 8 ? [...steps.slice(0, 8), '…'] : steps;
    return new LaunchportError(error.code, `${error.message} (at ${shown.map(String).join(' → ')})`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: { ...error.details, path: shown },
    });
  }
}

function isPlainObject(value: unknown): value is { readonly [key: string]: XpcSendable } {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A root prototype is that of a plain object, of this realm or another; a class has one more above its own.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function outOfRange(value: bigint): LaunchportError {
  return new LaunchportError('ERR_XPC_VALUE', `${value} does not fit int64`, {
    hint: 'Send values from 2^63 to 2^64-1 with uint64().',
  });
}

function unsupported(message: string): LaunchportError {
  return new LaunchportError('ERR_UNSUPPORTED', message);
}

function unfit(value: unknown): LaunchportError {
  return new LaunchportError('ERR_XPC_VALUE', `${describe(value)} has no XPC type`, {
    hint: 'Leave the key out, or send null, a plain object or one of the value classes.',
  });
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value === null ? null : typeof value);
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? `an object of class ${name}` : 'an object';
}
