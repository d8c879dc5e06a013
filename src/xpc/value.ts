/**
 * XPC values as JavaScript values. The mapping is one to one in both directions, so nothing blurs:
 *
 * | XPC | JavaScript |
 * |---|---|
 * | null, bool, double | `null`, `boolean`, `number` |
 * | int64 | `bigint` |
 * | uint64 | {@link XpcUint64} |
 * | string | `string`; {@link XpcRawString} when the bytes received are not UTF-8 |
 * | data | `Uint8Array` |
 * | date | {@link XpcDate}, exact nanoseconds; a `Date` is accepted when sending |
 * | uuid | {@link XpcUuid} |
 * | array | array |
 * | dictionary | object without prototype; a plain object or a `Map` is accepted when sending |
 * | fd | {@link XpcFileDescriptor} |
 * | endpoint | {@link XpcEndpoint} |
 * | shmem | {@link XpcSharedMemory} |
 * | rich error | {@link XpcRichError}; received only |
 *
 * Without a transport, in bytes alone, there are no descriptors, endpoints and shared memory: in Mach payloads an
 * {@link XpcPortRight} marks the place of each, and of a mach send right.
 */
import { LaunchportError } from '../base/index.js';
import type { XpcEndpoint } from './endpoint.js';
import type { XpcFileDescriptor } from './file-descriptor.js';
import type { XpcSharedMemory } from './shared-memory.js';

const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** An unsigned integer of 64 bits. A type of its own because XPC's getters never convert between the two. */
export class XpcUint64 {
  readonly value: bigint;

  /** @throws LaunchportError ERR_XPC_VALUE below 0 or above 2^64-1 */
  constructor(value: bigint) {
    if (value < 0n || value > MAX_UINT64) throw unfit(`${value} is not an unsigned integer of 64 bits`);
    this.value = value;
  }

  /** The decimal digits. */
  toString(): string {
    return this.value.toString();
  }
}

/** A point in time: nanoseconds since 1970-01-01 UTC, negative before. Finer than a `Date`. */
export class XpcDate {
  readonly nanoseconds: bigint;

  /** @throws LaunchportError ERR_XPC_VALUE outside int64, that is before 1677 or after 2262 */
  constructor(nanoseconds: bigint) {
    if (BigInt.asIntN(64, nanoseconds) !== nanoseconds) {
      throw unfit(`${nanoseconds} nanoseconds do not fit an XPC date`);
    }
    this.nanoseconds = nanoseconds;
  }

  /** The `Date` at or just before this point: the part below a millisecond is cut off downwards. */
  toDate(): Date {
    const rest = this.nanoseconds % NANOSECONDS_PER_MILLISECOND;
    const floor = rest < 0n ? this.nanoseconds - NANOSECONDS_PER_MILLISECOND - rest : this.nanoseconds - rest;
    return new Date(Number(floor / NANOSECONDS_PER_MILLISECOND));
  }
}

/** A UUID of 16 bytes. */
export class XpcUuid {
  readonly bytes: Uint8Array;

  /** Keeps `bytes`, without a copy. @throws LaunchportError ERR_XPC_VALUE unless there are 16 */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== 16) throw unfit(`a UUID has 16 bytes, not ${bytes.length}`);
    this.bytes = bytes;
  }

  /** Lower-case text with hyphens (RFC 9562). */
  toString(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, 16)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}

/** A string whose bytes are not UTF-8. XPC does not check them, so a peer may send any; they survive a round trip. */
export class XpcRawString {
  readonly bytes: Uint8Array;

  /** Keeps `bytes`, without the final NUL and without a copy. @throws LaunchportError ERR_XPC_VALUE for a NUL in it */
  constructor(bytes: Uint8Array) {
    if (bytes.includes(0)) throw unfit('an XPC string cannot hold a NUL');
    this.bytes = bytes;
  }

  /** The text with U+FFFD for what is not UTF-8; for display only. */
  toString(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString('utf8');
  }
}

/** What kind of descriptor rides beside a Mach payload. */
export type XpcPortType = 'fd' | 'endpoint' | 'shmem' | 'mach send';

/** A word of a Mach payload that stands for a descriptor beside it. */
export class XpcPortRight {
  readonly type: XpcPortType;
  /** Which descriptor: they are numbered from 0 in the order the values are encoded. */
  readonly index: number;
  /** Bytes of the shared region; `shmem` only, else undefined. */
  readonly byteLength: bigint | undefined;

  constructor(type: XpcPortType, index: number, byteLength?: bigint) {
    if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`not a descriptor index: ${index}`);
    if ((type === 'shmem') !== (byteLength !== undefined)) {
      throw new TypeError('a shmem right has a byteLength, the others have none');
    }
    this.type = type;
    this.index = index;
    this.byteLength = byteLength;
  }
}

/** What a system service says of its failure. Received only: XPC has no way for a program to make one. */
export class XpcRichError {
  readonly message: string;
  /** Whether doing it again may help. */
  readonly canRetry: boolean;

  constructor(message: string, canRetry: boolean) {
    this.message = message;
    this.canRetry = canRetry;
  }

  toString(): string {
    return this.message;
  }
}

/** What travels beside the bytes of a message. */
export type XpcRight = XpcFileDescriptor | XpcEndpoint | XpcSharedMemory;

/** Any value that a received message can hold. */
export type XpcValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | XpcUint64
  | XpcDate
  | XpcUuid
  | XpcRawString
  | XpcRight
  | XpcRichError
  | XpcPortRight
  | readonly XpcValue[]
  | XpcDictionary;

/** A received dictionary: an object without prototype, so that every key, `__proto__` too, is an ordinary one. */
export interface XpcDictionary {
  readonly [key: string]: XpcValue;
}

/**
 * Any value that can be sent: received ones, and the conveniences `Date`, `Map` and plain object. An XpcRichError is
 * among them so that every received message fits, but sending it fails with ERR_UNSUPPORTED, as an XpcPortRight does
 * over a connection.
 */
export type XpcSendable =
  | XpcValue
  | Date
  | ReadonlyMap<string, XpcSendable>
  | readonly XpcSendable[]
  | { readonly [key: string]: XpcSendable };

/** What a message can be. A `Map` keeps the order of keys that look like integers; an object does not. */
export type XpcMessage =
  | XpcDictionary
  | { readonly [key: string]: XpcSendable }
  | ReadonlyMap<string, XpcSendable>;

/** True for a dictionary, as opposed to every other value of a received message. */
export function isDictionary(value: XpcValue | undefined): value is XpcDictionary {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

/**
 * A uint64 to send.
 * @throws LaunchportError ERR_XPC_VALUE when out of range, or for a number that is not a safe integer
 */
export function uint64(value: bigint | number): XpcUint64 {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw unfit(`${value} is not an exact integer`);
  return new XpcUint64(BigInt(value));
}

/**
 * A date to send: from nanoseconds since 1970, or from a `Date`.
 * @throws LaunchportError ERR_XPC_VALUE for an invalid `Date` or one outside 1677 to 2262
 */
export function date(value: bigint | Date): XpcDate {
  if (typeof value === 'bigint') return new XpcDate(value);
  const milliseconds = value.getTime();
  if (Number.isNaN(milliseconds)) throw unfit('the Date is invalid');
  return new XpcDate(BigInt(milliseconds) * NANOSECONDS_PER_MILLISECOND);
}

/**
 * A UUID to send: from text with or without hyphens, in either case, or from 16 bytes, which are copied.
 * @throws LaunchportError ERR_XPC_VALUE
 */
export function uuid(value: string | Uint8Array): XpcUuid {
  if (typeof value !== 'string') return new XpcUuid(Uint8Array.from(value));
  if (!/^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i.test(value)) {
    throw unfit(`not a UUID: ${JSON.stringify(value)}`);
  }
  return new XpcUuid(Uint8Array.from(Buffer.from(value.replaceAll('-', ''), 'hex')));
}

function unfit(message: string): LaunchportError {
  return new LaunchportError('ERR_XPC_VALUE', message);
}
