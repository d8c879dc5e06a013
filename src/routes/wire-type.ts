/** One wire type: which XPC type a value travels as, how it is encoded, and how it is checked when it arrives. */
import type { z } from 'zod';
import {
  XpcDate,
  type XpcDictionary,
  XpcEndpoint,
  XpcFileDescriptor,
  XpcRawString,
  XpcRichError,
  XpcSharedMemory,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from '../xpc/index.js';

/** XPC types that a schema can name. `any` takes every value. */
export type WireTypeName =
  | 'null'
  | 'bool'
  | 'int64'
  | 'uint64'
  | 'double'
  | 'string'
  | 'data'
  | 'date'
  | 'uuid'
  | 'fd'
  | 'endpoint'
  | 'shmem'
  | 'rich error'
  | 'array'
  | 'dictionary'
  | 'any';

/** Why a value does not fit its wire type, and where. `path` is filled in on the way out. */
export class WireMismatch extends Error {
  readonly path: readonly (string | number)[];
  readonly problem: string;

  constructor(problem: string, path: readonly (string | number)[] = []) {
    super(path.length === 0 ? problem : `key "${path.join('.')}": ${problem}`);
    this.name = 'WireMismatch';
    this.path = path;
    this.problem = problem;
  }
}

/** Runs `work`; a mismatch inside is reported as being at `key`. */
export function atKey<R>(key: string | number, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw error instanceof WireMismatch ? new WireMismatch(error.problem, [key, ...error.path]) : error;
  }
}

/**
 * A value of type `T` with the XPC type it travels as. `IsOptional` tells whether its key may be absent from a
 * dictionary; absence and null are different things on this wire.
 */
export interface WireType<T, IsOptional extends boolean = boolean> {
  readonly xpcType: WireTypeName;
  readonly isOptional: IsOptional;
  /** @throws WireMismatch when the value does not fit */
  encode(value: T): XpcValue;
  /** @throws WireMismatch when what came is of another XPC type or fails the schema */
  decode(value: XpcValue): T;
  /** The same type, for a key that may be absent. */
  optional(): WireType<T, true>;
}

/** What a wire type is in JavaScript. */
export type WireValue<W> = W extends WireType<infer T> ? T : never;

/** How a wire type does its work; see {@link wireType}. */
export interface WireCodec<T> {
  encode(value: T): XpcValue;
  decode(value: XpcValue): T;
}

/** Builds a wire type from its codec. */
export function wireType<T>(xpcType: WireTypeName, codec: WireCodec<T>): WireType<T, false> {
  const required: WireType<T, false> = {
    xpcType,
    isOptional: false,
    encode: codec.encode,
    decode: codec.decode,
    optional: () => ({ ...required, isOptional: true, optional: () => required.optional() }),
  };
  return required;
}

/** Wire type whose value is the XPC value itself, checked by `is` and then by `schema`, if any. */
export function plainType<T extends XpcValue>(
  xpcType: WireTypeName,
  is: (value: XpcValue) => boolean,
  schema?: z.ZodType<T>,
): WireType<T, false> {
  const check = (value: XpcValue): T => {
    if (!is(value)) throw new WireMismatch(`expected ${xpcType}, got ${xpcTypeName(value)}`);
    return schema === undefined ? (value as T) : parseWith(schema, value);
  };
  return wireType<T>(xpcType, { encode: check, decode: check });
}

/** Parses with zod and turns its issues into a {@link WireMismatch}. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw mismatchOf(result.error);
}

/** The first issue of a zod error: one is enough to say what is wrong, and peers should not get an essay. */
export function mismatchOf(error: z.core.$ZodError): WireMismatch {
  const issue = error.issues[0];
  if (issue === undefined) return new WireMismatch('does not fit its schema');
  return new WireMismatch(
    issue.message,
    issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)),
  );
}

/** The name of a value's XPC type, for messages. */
export function xpcTypeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (value instanceof XpcUint64) return 'uint64';
  if (value instanceof XpcDate) return 'date';
  if (value instanceof XpcUuid) return 'uuid';
  if (value instanceof XpcFileDescriptor) return 'fd';
  if (value instanceof XpcEndpoint) return 'endpoint';
  if (value instanceof XpcSharedMemory) return 'shmem';
  if (value instanceof XpcRichError) return 'rich error';
  if (value instanceof XpcRawString) return 'a string that is not UTF-8';
  if (value instanceof Uint8Array) return 'data';
  if (Array.isArray(value)) return 'array';
  return isXpcDictionary(value) ? 'dictionary' : `a ${typeof value}`;
}

/** True for a plain object or one without prototype, the form dictionaries have in JavaScript. */
export function isXpcDictionary(value: unknown): value is XpcDictionary {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
