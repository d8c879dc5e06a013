/** The notation of fixtures/xpc/*.json for XPC values, and the RemoteXPC frames that some of them are in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  date,
  uint64,
  type XpcMessage,
  XpcPortRight,
  type XpcSendable,
  XpcUuid,
  type XpcValue,
} from '../../src/xpc/index.js';

/** A value with its XPC type. Integers, doubles and dates (nanoseconds) are text, data and UUIDs hexadecimal. */
export type TaggedValue =
  | { readonly t: 'null' }
  | { readonly t: 'bool'; readonly v: boolean }
  | { readonly t: 'int64' | 'uint64' | 'double' | 'date' | 'data' | 'string' | 'uuid'; readonly v: string }
  | { readonly t: 'fd' | 'endpoint'; readonly v: number }
  | { readonly t: 'array'; readonly v: readonly TaggedValue[] }
  | TaggedDictionary;

/** A dictionary, its entries in the order they are encoded. */
export interface TaggedDictionary {
  readonly t: 'dictionary';
  readonly v: readonly (readonly [string, TaggedValue])[];
}

/** A RemoteXPC frame: a header around a bare serialization, or around nothing. */
export interface TaggedWrapper {
  readonly t: 'wrapper';
  readonly flags: number;
  readonly id: string;
  readonly v?: TaggedDictionary;
}

/** One entry of xpc-vectors.json. */
export interface Vector {
  readonly name: string;
  readonly form: 'bare' | 'remotexpc-wrapper' | 'mach-payload';
  readonly value: TaggedDictionary | TaggedWrapper;
  readonly hex: string;
  readonly source: string;
}

/** One entry of xpc-vectors-malformed.json. */
export interface MalformedVector {
  readonly name: string;
  readonly description: string;
  readonly hex: string;
  readonly apple_expected: string;
}

/** The vectors whose bytes are right. */
export const VECTORS = readFixture('xpc-vectors.json') as readonly Vector[];

/** The vectors that test a decoder's verdict. */
export const MALFORMED_VECTORS = readFixture('xpc-vectors-malformed.json') as readonly MalformedVector[];

function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/xpc', name), 'utf8'));
}

/** The value as it is sent. Dictionaries are Maps; `reverse` sets their entries from the last to the first. */
export function sendable(value: TaggedValue, reverse = false): XpcSendable {
  if (value.t === 'dictionary') return message(value, reverse);
  if (value.t === 'array') return value.v.map((item) => sendable(item, reverse));
  return scalar(value);
}

/** A dictionary as a message to send. */
export function message(value: TaggedDictionary, reverse = false): XpcMessage & XpcSendable {
  const entries = value.v.map(([key, item]) => [key, sendable(item, reverse)] as const);
  return new Map(reverse ? entries.reverse() : entries);
}

/** The value as it is received. */
export function received(value: TaggedValue): XpcValue {
  if (value.t === 'array') return value.v.map(received);
  if (value.t !== 'dictionary') return scalar(value);
  const dictionary: Record<string, XpcValue> = Object.create(null);
  for (const [key, item] of value.v) dictionary[key] = received(item);
  return dictionary;
}

function scalar(value: Exclude<TaggedValue, TaggedDictionary | { t: 'array' }>): XpcValue {
  switch (value.t) {
    case 'null':
      return null;
    case 'bool':
    case 'string':
      return value.v;
    case 'int64':
      return BigInt(value.v);
    case 'uint64':
      return uint64(BigInt(value.v));
    case 'double':
      return Number(value.v);
    case 'date':
      return date(BigInt(value.v));
    case 'data':
      return bytesOf(value.v);
    case 'uuid':
      return new XpcUuid(bytesOf(value.v));
    default:
      return new XpcPortRight(value.t, value.v);
  }
}

/** Bytes written in hexadecimal, as a plain Uint8Array. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Hexadecimal text of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const WRAPPER_MAGIC = 0x29b0_0b92;
const WRAPPER_BYTES = 24;

/** Puts a bare serialization, or nothing, into a RemoteXPC frame. */
export function wrap(flags: number, id: bigint, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = Buffer.alloc(WRAPPER_BYTES + body.length);
  frame.writeUInt32LE(WRAPPER_MAGIC, 0);
  frame.writeUInt32LE(flags, 4);
  frame.writeBigUInt64LE(BigInt(body.length), 8);
  frame.writeBigUInt64LE(id, 16);
  frame.set(body, WRAPPER_BYTES);
  return new Uint8Array(frame);
}

/** Takes a RemoteXPC frame apart. */
export function unwrap(frame: Uint8Array): { flags: number; id: bigint; body: Uint8Array | undefined } {
  const header = Buffer.from(frame.buffer, frame.byteOffset, WRAPPER_BYTES);
  if (header.readUInt32LE(0) !== WRAPPER_MAGIC) throw new Error('not a RemoteXPC frame');
  const length = Number(header.readBigUInt64LE(8));
  const body = length === 0 ? undefined : frame.subarray(WRAPPER_BYTES, WRAPPER_BYTES + length);
  return { flags: header.readUInt32LE(4), id: header.readBigUInt64LE(16), body };
}
