/**
 * A Unix socket of `node:net` with msgpackr: what one would build by hand for speed. A frame holds the length of its
 * head, four bytes, the head, and a payload that is too large to be worth copying into that.
 */
import type { EchoMessage, EchoTransport } from '../transport.js';
import { BatchWriter } from './batch-writer.js';
import { FrameReader, HEADER_BYTES } from './frames.js';
import { loadMsgpack, type MessageCodec } from './msgpack.js';
import { PendingEchoes } from './pending-echoes.js';
import { connectTo, endSocket, serveAt } from './socket-ends.js';

/** Payloads from here on are written from where they are. */
const SEPARATE_BYTES = 1024;
const LENGTH_BYTES = 4;
const EMPTY = new Uint8Array();

/** `folder`: where msgpackr is. */
export async function netMsgpackr(folder: string): Promise<EchoTransport> {
  const codec = await loadMsgpack(folder);
  return {
    name: 'net + msgpackr',
    serve: (address) =>
      serveAt(address, (socket) => {
        const writer = new BatchWriter(socket);
        const reader = new FrameReader((bytes) => send(codec, writer, receive(codec, bytes)));
        socket.on('data', (chunk) => reader.push(chunk));
      }),
    connect: async (address) => {
      const pending = new PendingEchoes();
      const socket = await connectTo(address, (error) => pending.fail(error));
      const writer = new BatchWriter(socket);
      const reader = new FrameReader((bytes) => pending.settle(receive(codec, bytes)));
      socket.on('data', (chunk) => reader.push(chunk));
      return {
        echo: (message) => {
          send(codec, writer, message);
          return pending.add();
        },
        close: () => endSocket(socket),
      };
    },
  };
}

function send(codec: MessageCodec, writer: BatchWriter, message: EchoMessage): void {
  const { payload } = message;
  const isSeparate = payload.length >= SEPARATE_BYTES;
  const head = codec.encode(
    isSeparate ? { ...message, payload: EMPTY } : message,
    HEADER_BYTES + LENGTH_BYTES,
  );
  const separate = isSeparate ? payload.length : 0;
  head.writeUInt32LE(head.length - HEADER_BYTES + separate, 0);
  head.writeUInt32LE(head.length - HEADER_BYTES - LENGTH_BYTES, HEADER_BYTES);
  writer.write(head);
  if (isSeparate) writer.write(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
}

function receive(codec: MessageCodec, frame: Buffer): EchoMessage {
  const end = LENGTH_BYTES + frame.readUInt32LE(0);
  const message = codec.decode(frame.subarray(LENGTH_BYTES, end));
  return end === frame.length ? message : { ...message, payload: frame.subarray(end) };
}
