/** A Unix socket of `node:net` with msgpackr: what one would build by hand for speed. */
import type { EchoTransport } from '../transport.js';
import { BatchWriter } from './batch-writer.js';
import { FrameReader, HEADER_BYTES } from './frames.js';
import { loadMsgpack } from './msgpack.js';
import { PendingEchoes } from './pending-echoes.js';
import { connectTo, endSocket, serveAt } from './socket-ends.js';

/** `folder`: where msgpackr is. */
export async function netMsgpackr(folder: string): Promise<EchoTransport> {
  const { encode, decode } = await loadMsgpack(folder);
  const frame: typeof encode = (message, room) => {
    const bytes = encode(message, room);
    bytes.writeUInt32LE(bytes.length - HEADER_BYTES, 0);
    return bytes;
  };
  return {
    name: 'net + msgpackr',
    serve: (address) =>
      serveAt(address, (socket) => {
        const writer = new BatchWriter(socket);
        const reader = new FrameReader((bytes) => writer.write(frame(decode(bytes), HEADER_BYTES)));
        socket.on('data', (chunk) => reader.push(chunk));
      }),
    connect: async (address) => {
      const pending = new PendingEchoes();
      const socket = await connectTo(address, (error) => pending.fail(error));
      const writer = new BatchWriter(socket);
      const reader = new FrameReader((bytes) => pending.settle(decode(bytes)));
      socket.on('data', (chunk) => reader.push(chunk));
      return {
        echo: (message) => {
          writer.write(frame(message, HEADER_BYTES));
          return pending.add();
        },
        close: () => endSocket(socket),
      };
    },
  };
}
