/** The codec of several peers: msgpackr, with the shape of the message known to both ends before the first. */
import type { EchoMessage } from '../transport.js';
import { loadPackage } from './load-package.js';

interface Packr {
  pack(value: unknown, options?: number): Buffer;
  unpack(bytes: Uint8Array): unknown;
}

interface Msgpackr {
  readonly Packr: new (options: { readonly structures: readonly (readonly string[])[] }) => Packr;
  readonly RESERVE_START_SPACE: number;
}

/** Encodes and decodes messages. */
export interface MessageCodec {
  /** The bytes of a message, after `room` bytes that are left for a header (below 256). */
  encode(message: EchoMessage, room: number): Buffer;
  /** The payload is a view of `bytes`. */
  decode(bytes: Uint8Array): EchoMessage;
}

/** msgpackr as the peer in `folder` has it. */
export async function loadMsgpack(folder: string): Promise<MessageCodec> {
  const { Packr, RESERVE_START_SPACE } = await loadPackage<Msgpackr>(folder, 'msgpackr');
  const packr = new Packr({ structures: [['route', 'id', 'payload', 'name', 'flag']] });
  return {
    encode: (message, room) => packr.pack(message, RESERVE_START_SPACE | room),
    decode: (bytes) => packr.unpack(bytes) as EchoMessage,
  };
}
