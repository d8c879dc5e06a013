/** Dictionaries with named, typed keys: encoding, decoding, and the TypeScript type that follows from the shape. */
import type { XpcDictionary, XpcValue } from '../xpc/index.js';
import { atKey, WireMismatch, type WireType, type WireValue } from './wire-type.js';

/** Keys of a dictionary and the wire type of each. */
export interface WireShape {
  readonly [key: string]: WireType<unknown>;
}

type OptionalKeys<S extends WireShape> = {
  [K in keyof S]: S[K]['isOptional'] extends true ? K : never;
}[keyof S];

type Flatten<T> = { [K in keyof T]: T[K] } & {};

/** What a shape is in JavaScript. Keys of optional types may be absent or undefined. */
export type WireObject<S extends WireShape> = Flatten<
  { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: WireValue<S[K]> } & {
    readonly [K in OptionalKeys<S>]?: WireValue<S[K]> | undefined;
  }
>;

/**
 * Encodes the values of a shape. A key the shape does not have is a mismatch: sending it would lose it silently.
 * @throws WireMismatch that names the key
 */
export function encodeShape<S extends WireShape>(shape: S, values: WireObject<S>): Record<string, XpcValue> {
  const source = values as Readonly<Record<string, unknown>>;
  const encoded: Record<string, XpcValue> = {};
  for (const key in shape) {
    const type = shape[key] as WireType<unknown>;
    const value = Object.hasOwn(source, key) ? source[key] : undefined;
    if (value === undefined) {
      if (!type.isOptional) throw new WireMismatch(`missing, expected ${type.xpcType}`, [key]);
      continue;
    }
    encoded[key] = atKey(key, () => type.encode(value));
  }
  for (const key in source) {
    if (source[key] !== undefined && !Object.hasOwn(shape, key)) {
      throw new WireMismatch('not a key of this message', [key]);
    }
  }
  return encoded;
}

/**
 * Decodes and checks the values of a shape; further keys are ignored, as Codable does.
 * @throws WireMismatch that names the key
 */
export function decodeShape<S extends WireShape>(shape: S, message: XpcDictionary): WireObject<S> {
  const decoded: Record<string, unknown> = {};
  for (const key in shape) {
    const type = shape[key] as WireType<unknown>;
    const value = Object.hasOwn(message, key) ? message[key] : undefined;
    if (value === undefined) {
      if (!type.isOptional) throw new WireMismatch(`missing, expected ${type.xpcType}`, [key]);
      continue;
    }
    decoded[key] = atKey(key, () => type.decode(value));
  }
  return decoded as WireObject<S>;
}
