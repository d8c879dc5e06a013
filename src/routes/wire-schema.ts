/** `x`: schemas that name the XPC type of each value. Integers stay exact, and no type stands in for another. */
import type { z } from 'zod';
import {
  date,
  uint64,
  XpcDate,
  type XpcDictionary,
  XpcEndpoint,
  XpcFileDescriptor,
  XpcRichError,
  XpcSharedMemory,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from '../xpc/index.js';
import { jsonText } from './json-text.js';
import { decodeShape, encodeShape, type WireObject, type WireShape } from './wire-shape.js';
import {
  atKey,
  isXpcDictionary,
  mismatchOf,
  parseWith,
  plainType,
  WireMismatch,
  type WireType,
  wireType,
  xpcTypeName,
} from './wire-type.js';

/** A 64-bit integer: a bigint in JavaScript, or a number after {@link WireInteger.asNumber}. */
export interface WireInteger<IsOptional extends boolean = false> extends WireType<bigint, IsOptional> {
  /** As a number. A value beyond 2^53 either way, or with a fraction, is a mismatch and never rounded. */
  asNumber(schema?: z.ZodType<number>): WireType<number, false>;
}

/** A date: exact nanoseconds in JavaScript, or a Date after {@link WireDate.asDate}. */
export interface WireDate extends WireType<XpcDate, false> {
  /** As a Date, which keeps milliseconds; what a peer sends below that is cut off. */
  asDate(): WireType<Date, false>;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

function integer(
  xpcType: 'int64' | 'uint64',
  box: (value: bigint) => XpcValue,
  unbox: (value: XpcValue) => bigint | undefined,
  schema: z.ZodType<bigint> | undefined,
): WireInteger {
  const [min, max] = xpcType === 'int64' ? [INT64_MIN, INT64_MAX] : [0n, UINT64_MAX];
  const check = (value: bigint) => (schema === undefined ? value : parseWith(schema, value));
  const encode = (value: bigint) => {
    if (typeof value !== 'bigint') throw new WireMismatch(`expected bigint, got ${typeof value}`);
    if (value < min || value > max) throw new WireMismatch(`${value} is out of range for ${xpcType}`);
    return box(check(value));
  };
  const decode = (value: XpcValue) => {
    const plain = unbox(value);
    if (plain === undefined) throw new WireMismatch(`expected ${xpcType}, got ${xpcTypeName(value)}`);
    return check(plain);
  };
  const asNumber = (numeric?: z.ZodType<number>) =>
    wireType<number>(xpcType, {
      encode: (value) => {
        if (!Number.isSafeInteger(value)) throw new WireMismatch(`${value} is not an exact integer`);
        return encode(BigInt(numeric === undefined ? value : parseWith(numeric, value)));
      },
      decode: (value) => {
        const plain = Number(decode(value));
        if (!Number.isSafeInteger(plain)) throw new WireMismatch(`${xpcType} does not fit a number exactly`);
        return numeric === undefined ? plain : parseWith(numeric, plain);
      },
    });
  return { ...wireType<bigint>(xpcType, { encode, decode }), asNumber };
}

/** What JSON.parse can return. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

function json(): WireType<JsonValue, false>;
function json<S extends z.ZodType>(schema: S): WireType<z.output<S>, false>;
function json(schema?: z.ZodType): WireType<unknown, false> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const encoder = new TextEncoder();
  return wireType<unknown>('data', {
    encode: (value) => {
      // A method of the schema, so that this module loads no zod: a plugin that needs none starts much faster.
      const result = schema?.safeEncode(value) ?? { success: true, data: value };
      if (!result.success) throw mismatchOf(result.error as z.core.$ZodError);
      const text = jsonText(result.data) as string | undefined;
      if (text === undefined) throw new WireMismatch(`${typeof value} has no JSON`);
      return encoder.encode(text);
    },
    decode: (value) => {
      if (!(value instanceof Uint8Array)) {
        throw new WireMismatch(`expected data with JSON, got ${xpcTypeName(value)}`);
      }
      const parsed = parseJson(decoder, value);
      return schema === undefined ? parsed : parseWith(schema, parsed);
    },
  });
}

function parseJson(decoder: { decode(bytes: Uint8Array): string }, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    throw new WireMismatch('data is not JSON in UTF-8');
  }
}

function array<T>(item: WireType<T, false>): WireType<readonly T[], false> {
  return wireType<readonly T[]>('array', {
    encode: (values) => values.map((value, index) => atKey(index, () => item.encode(value))),
    decode: (value) => {
      if (!Array.isArray(value)) throw new WireMismatch(`expected array, got ${xpcTypeName(value)}`);
      return value.map((element: XpcValue, index) => atKey(index, () => item.decode(element)));
    },
  });
}

function dictionary<S extends WireShape>(shape: S): WireType<WireObject<S>, false> {
  return wireType<WireObject<S>>('dictionary', {
    encode: (values) => encodeShape(shape, values),
    decode: (value) => {
      if (!isXpcDictionary(value)) throw new WireMismatch(`expected dictionary, got ${xpcTypeName(value)}`);
      return decodeShape(shape, value);
    },
  });
}

function dateType(): WireDate {
  const exact = plainType<XpcDate>('date', (value) => value instanceof XpcDate);
  const asDate = () =>
    wireType<Date>('date', {
      encode: (value) => {
        if (!(value instanceof Date) || Number.isNaN(value.getTime()))
          throw new WireMismatch('not a valid Date');
        return date(value);
      },
      decode: (value) => exact.decode(value).toDate(),
    });
  return { ...exact, asDate };
}

/**
 * Wire schemas. Each takes an optional zod schema that narrows the value further, and `.optional()` for a key that
 * may be absent: `x.string(z.enum(['nat', 'hostOnly'])).optional()`.
 */
export const x = {
  /** XPC string. A string that is not UTF-8 is a mismatch. */
  string: <S extends string = string>(schema?: z.ZodType<S>) =>
    plainType<S>('string', (value) => typeof value === 'string', schema),
  /** XPC int64 as bigint. */
  int64: (schema?: z.ZodType<bigint>) =>
    integer(
      'int64',
      (value) => value,
      (value) => (typeof value === 'bigint' ? value : undefined),
      schema,
    ),
  /** XPC uint64 as bigint. */
  uint64: (schema?: z.ZodType<bigint>) =>
    integer('uint64', uint64, (value) => (value instanceof XpcUint64 ? value.value : undefined), schema),
  /** XPC double as number. */
  double: (schema?: z.ZodType<number>) => plainType('double', (value) => typeof value === 'number', schema),
  /** XPC bool. */
  bool: () => plainType<boolean>('bool', (value) => typeof value === 'boolean'),
  /** XPC data: bytes as they are. */
  data: () => plainType<Uint8Array>('data', (value) => value instanceof Uint8Array),
  /** XPC date. */
  date: dateType,
  /** XPC uuid. */
  uuid: () => plainType<XpcUuid>('uuid', (value) => value instanceof XpcUuid),
  /** XPC null. */
  null: () => plainType<null>('null', (value) => value === null),
  /**
   * A file descriptor: `fileDescriptor(fd)` to send, which leaves the descriptor the sender's. A received one belongs to
   * whoever gets the message; a handler must `take` it to keep it.
   */
  fd: () => plainType<XpcFileDescriptor>('fd', (value) => value instanceof XpcFileDescriptor),
  /** An endpoint, from `XpcListener.endpoint`; the receiver connects to it, and releases it when done. */
  endpoint: () => plainType<XpcEndpoint>('endpoint', (value) => value instanceof XpcEndpoint),
  /** Shared memory, from `XpcTransport.createSharedMemory`; the receiver releases it when done. */
  sharedMemory: () => plainType<XpcSharedMemory>('shmem', (value) => value instanceof XpcSharedMemory),
  /** A rich error, which only Apple's sessions make: it is received and cannot be sent. */
  richError: () => plainType<XpcRichError>('rich error', (value) => value instanceof XpcRichError),
  /** XPC data that holds JSON, apple/container's convention for structured values; any JSON without a schema. */
  json,
  /** XPC array of one type. */
  array,
  /** XPC dictionary with the given keys; further keys are ignored when they arrive. */
  dictionary,
  /** XPC dictionary with any keys. */
  record: () => plainType<XpcDictionary>('dictionary', isXpcDictionary),
  /** Any XPC value, as it is. */
  any: () => plainType<XpcValue>('any', (value) => value !== undefined),
};
