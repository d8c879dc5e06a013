/** How many bytes a message takes, counted without writing it: for messages too large for the buffer at hand. */
import { LaunchportError } from '../base/index.js';
import { isRight } from './outgoing-rights.js';
import { XpcSharedMemory } from './shared-memory.js';
import { encodedKey } from './text.js';
import {
  XpcDate,
  type XpcMessage,
  XpcPortRight,
  XpcRawString,
  XpcRichError,
  type XpcSendable,
  XpcUint64,
  XpcUuid,
} from './value.js';
import { MAX_DEPTH, MAX_MESSAGE_BYTES, padded, WIRE_HEADER_BYTES } from './wire.js';

/**
 * The exact byte length of a message. Values that cannot be sent count as nothing: the encoder finds them.
 * @throws LaunchportError ERR_XPC_MESSAGE_TOO_LARGE, ERR_XPC_LIMIT when nested too deeply, or ERR_XPC_VALUE for a key
 */
export function measureMessage(message: XpcMessage): number {
  const byteLength = WIRE_HEADER_BYTES + measureValue(message, 0);
  if (byteLength > MAX_MESSAGE_BYTES) {
    throw new LaunchportError('ERR_XPC_MESSAGE_TOO_LARGE', `a message of ${byteLength} bytes`, {
      hint: 'Send it in parts, or put it in a file.',
      details: { byteLength, limit: MAX_MESSAGE_BYTES },
    });
  }
  return byteLength;
}

function measureValue(value: XpcSendable, depth: number): number {
  switch (typeof value) {
    case 'string':
      return 8 + padded(Buffer.byteLength(value) + 1);
    case 'bigint':
    case 'number':
      return 12;
    case 'boolean':
      return 8;
    case 'object':
      return value === null ? 4 : measureObject(value, depth);
    default:
      return 0;
  }
}

function measureObject(value: Extract<XpcSendable, object>, depth: number): number {
  if (ArrayBuffer.isView(value)) return 8 + padded(value.byteLength);
  if (value instanceof XpcUint64 || value instanceof XpcDate || value instanceof Date) return 12;
  if (value instanceof XpcUuid) return 20;
  if (value instanceof XpcRawString) return 8 + padded(value.bytes.length + 1);
  if (value instanceof XpcPortRight) return value.byteLength === undefined ? 4 : 12;
  if (isRight(value)) return value instanceof XpcSharedMemory ? 12 : 4;
  if (value instanceof XpcRichError) return 0;
  if (depth >= MAX_DEPTH) {
    throw new LaunchportError('ERR_XPC_LIMIT', `more than ${MAX_DEPTH} containers inside one another`, {
      hint: 'Look for an object that contains itself.',
    });
  }
  let sum = 12;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) sum += measureValue(value[i], depth + 1);
  } else {
    const entries: Iterable<readonly [string, XpcSendable]> =
      value instanceof Map ? value : Object.entries(value as { readonly [key: string]: XpcSendable });
    for (const [key, item] of entries) sum += encodedKey(key).length * 4 + measureValue(item, depth + 1);
  }
  return sum;
}
