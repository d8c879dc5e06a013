/** XPC values as JSON: the plain value where JSON has it, a tagged object where the type would be lost. */
import {
  XpcDate,
  XpcEndpoint,
  XpcFileDescriptor,
  XpcPortRight,
  XpcRawString,
  XpcSharedMemory,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from '../../xpc/index.js';

/** What {@link valueToJson} makes: anything JSON.stringify writes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Integers become numbers while exact and decimal strings beyond 2^53. `data` that holds JSON text, upstream's way to
 * send structures, is shown as that JSON; other data as `{ "data": hex }`. What came beside the message is told by its
 * type, for its number means nothing to the reader.
 */
export function valueToJson(value: XpcValue): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return integer(value);
  if (value instanceof XpcUint64) return integer(value.value);
  if (value instanceof XpcDate) return value.toDate().toISOString();
  if (value instanceof XpcUuid) return value.toString();
  if (value instanceof Uint8Array) return dataToJson(value);
  if (value instanceof XpcRawString) return { data: Buffer.from(value.bytes).toString('hex') };
  if (value instanceof XpcFileDescriptor) return { type: 'fd' };
  if (value instanceof XpcEndpoint) return { type: 'endpoint' };
  if (value instanceof XpcSharedMemory) return { type: 'shmem', byteLength: value.byteLength };
  if (value instanceof XpcPortRight) return { type: value.type };
  if (Array.isArray(value)) return value.map(valueToJson);
  return Object.fromEntries(
    Object.entries(value as Record<string, XpcValue>).map(([k, v]) => [k, valueToJson(v)]),
  );
}

function integer(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function dataToJson(bytes: Uint8Array): Json {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (/^\s*[[{"]/.test(text)) {
    try {
      return JSON.parse(text) as Json;
    } catch {
      // Not JSON after all: shown as bytes below.
    }
  }
  return { data: Buffer.from(bytes).toString('hex') };
}
