/** JSON as Swift's Codable writes it: absent and null are the same, dates count from 2001, and unknown keys stay. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as z from 'zod';
import { jsonText } from '../routes/index.js';

/** `T` with everything in it readonly. */
export type Immutable<T> = T extends Date | Uint8Array
  ? T
  : T extends readonly (infer I)[]
    ? readonly Immutable<I>[]
    : T extends object
      ? { readonly [K in keyof T]: Immutable<T[K]> }
      : T;

/** A schema whose output is `T`, of any JSON. */
export type Payload<T> = z.ZodType<T, unknown>;

type JsonObject = Readonly<Record<string, unknown>>;

/** What else an object may look like, and how it is read. */
export interface PayloadOptions {
  /** Turns what older versions wrote into today's keys; gets a copy and may change it. */
  readonly modernise?: (json: Record<string, unknown>) => void;
}

/**
 * An object with the keys of `shape`. Keys that it does not know are kept, though their types do not show them: what
 * is read and written again loses nothing. A null counts as absent.
 */
export function payload<S extends z.core.$ZodLooseShape>(
  shape: S,
  options: PayloadOptions = {},
): Payload<Immutable<z.output<z.ZodObject<S>>>> {
  const { modernise } = options;
  const inside = z.looseObject(shape) as unknown as z.ZodType<JsonObject, JsonObject>;
  const outside = z.record(z.string(), z.unknown());
  const codec = z.codec(outside, inside, {
    decode: (json) => {
      const copy: Record<string, unknown> = { ...json };
      modernise?.(copy);
      for (const key in shape) if (copy[key] === null) delete copy[key];
      return copy;
    },
    encode: (value) => {
      const json: Record<string, unknown> = { ...value };
      for (const key in json) if (json[key] === undefined) delete json[key];
      return json;
    },
  });
  return codec as unknown as Payload<Immutable<z.output<z.ZodObject<S>>>>;
}

/** An array of one kind of value. */
export function list<T>(item: z.ZodType<T, unknown>): Payload<readonly T[]> {
  return z.array(item) as unknown as Payload<readonly T[]>;
}

/** Seconds between 1970 and 2001, where Foundation's reference date lies. */
const REFERENCE_SECONDS = 978_307_200;

/** The number a date was read from: a Date keeps milliseconds, and peers write more. */
const readFrom = new WeakMap<Date, { readonly seconds: number; readonly time: number }>();

/** A date: seconds since 2001-01-01T00:00:00Z in JSON. One that is passed on keeps what its peer wrote to the last bit. */
export const appleDate = z.codec(z.number(), z.date(), {
  decode: (seconds) => {
    const read = new Date(Math.round((seconds + REFERENCE_SECONDS) * 1000));
    readFrom.set(read, { seconds, time: read.getTime() });
    return read;
  },
  encode: (value) => {
    const known = readFrom.get(value);
    const time = value.getTime();
    return known?.time === time ? known.seconds : time / 1000 - REFERENCE_SECONDS;
  },
});

/** A path of this host: a file URL in JSON. A plain absolute path is read too. */
export const fileUrl = z.codec(z.string(), z.string(), {
  decode: (text, context) => {
    try {
      return text.startsWith('/') ? text : fileURLToPath(text);
    } catch {
      context.issues.push({ code: 'custom', message: 'not a file URL of this host', input: text });
      return z.NEVER;
    }
  },
  encode: (path, context) => {
    if (path.startsWith('/')) return pathToFileURL(path).href;
    context.issues.push({ code: 'custom', message: 'not an absolute path', input: path });
    return z.NEVER;
  },
});

/** Bytes: base64 in JSON. */
export const base64 = z.codec(
  z.base64(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  {
    decode: (text) => new Uint8Array(Buffer.from(text, 'base64')),
    encode: (bytes) => Buffer.from(bytes).toString('base64'),
  },
);

const UINT64_MAX = 2n ** 64n - 1n;

/** Zod's own numbers are finite. */
const unsigned = z.custom<number>(
  (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 0),
  'not an unsigned integer',
);

/**
 * An unsigned 64-bit integer as a number. The largest, which means no limit, is Infinity; others beyond 2^53 come as
 * the nearest number.
 */
export const uint64 = z.codec(z.union([z.number(), z.bigint()]), unsigned, {
  decode: (value) => (Number(value) >= 2 ** 64 ? Number.POSITIVE_INFINITY : Number(value)),
  encode: (value) => {
    if (value >= 2 ** 64) return UINT64_MAX;
    return Number.isSafeInteger(value) ? value : BigInt(value);
  },
});

/** An unsigned 32-bit integer. */
export const uint32 = z.uint32();
/** An unsigned 16-bit integer. */
export const uint16 = z.int().min(0).max(65_535);
/** Text by name. */
export const stringMap = z.record(z.string(), z.string());

/** The JSON text of a value, for a file. @throws ZodError when the value does not fit */
export function encodeJson<T>(schema: z.ZodType<T, unknown>, value: T, indent?: number): string {
  return jsonText(schema.encode(value as never), indent);
}

/** Reads JSON text. @throws SyntaxError, ZodError */
export function decodeJson<T>(schema: z.ZodType<T, unknown>, text: string): T {
  return schema.parse(JSON.parse(text));
}
