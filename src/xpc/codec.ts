/** XPC's serialization of whole messages, for those who have bytes and no connection. */
import { LaunchportError } from '../base/index.js';
import { type DecodeOptions, Decoder } from './decoder.js';
import { type EncodeOptions, Encoder } from './encoder.js';
import { measureMessage } from './measure.js';
import type { XpcDictionary, XpcMessage } from './value.js';

/** Most messages fit; measuring and an ArrayBuffer of their own is for those that do not. */
const SCRATCH_BYTES = 8 * 1024;

const scratch = new Uint8Array(SCRATCH_BYTES);
const scratchEncoder = new Encoder(scratch.buffer);

/**
 * A message as bytes: by default what `xpc_make_serialization` gives, with the entries in the order of the object.
 * @throws LaunchportError ERR_XPC_VALUE, ERR_XPC_LIMIT, ERR_XPC_MESSAGE_TOO_LARGE (2 GiB), or ERR_UNSUPPORTED for a
 * descriptor in the bare form
 */
export function serialize(message: XpcMessage, options: EncodeOptions = {}): Uint8Array {
  if (options.form !== 'mach' && options.order !== 'libxpc') {
    const length = scratchEncoder.encode(message, 0);
    if (length >= 0) return scratch.slice(0, length);
  }
  const buffer = new ArrayBuffer(measureMessage(message));
  const end = new Encoder(buffer, options).encode(message, 0);
  if (end !== buffer.byteLength) {
    throw new LaunchportError('ERR_INTERNAL', `a message of ${buffer.byteLength} bytes ended at byte ${end}`);
  }
  return new Uint8Array(buffer);
}

/**
 * The message in some bytes. Bytes behind it are ignored, as by Apple's receiver. Data values are copies unless
 * `isReused` is false.
 * @throws LaunchportError ERR_XPC_MALFORMED or ERR_XPC_LIMIT, with the byte offset in `details.offset`
 */
export function deserialize(bytes: Uint8Array, options: DecodeOptions = {}): XpcDictionary {
  return new Decoder(bytes, options).decode(0, bytes.byteLength);
}
