/** A Unix socket of `node:net` with a line of JSON for each message: the simplest thing that works. */
import type { Socket } from 'node:net';
import type { EchoTransport } from '../transport.js';
import { BatchWriter } from './batch-writer.js';
import { fromJson, type JsonMessage, toJson } from './json-message.js';
import { PendingEchoes } from './pending-echoes.js';
import { connectTo, endSocket, serveAt } from './socket-ends.js';

const NEWLINE = 10;

export function netJson(): EchoTransport {
  return {
    name: 'net + JSON',
    serve: (address) =>
      serveAt(address, (socket) => {
        const send = sender(socket);
        onLine(socket, (line) => send(toJson(fromJson(JSON.parse(line) as JsonMessage))));
      }),
    connect: async (address) => {
      const pending = new PendingEchoes();
      const socket = await connectTo(address, (error) => pending.fail(error));
      const send = sender(socket);
      onLine(socket, (line) => pending.settle(fromJson(JSON.parse(line) as JsonMessage)));
      return {
        echo: (message) => {
          send(toJson(message));
          return pending.add();
        },
        close: () => endSocket(socket),
      };
    },
  };
}

function sender(socket: Socket): (message: JsonMessage) => void {
  const writer = new BatchWriter(socket);
  return (message) => writer.write(Buffer.from(`${JSON.stringify(message)}\n`));
}

/** Cuts a stream into lines. Newlines are looked for in the bytes: no other character of UTF-8 holds one. */
function onLine(socket: Socket, onLine: (line: string) => void): void {
  let begun: Buffer[] = [];
  socket.on('data', (chunk) => {
    let at = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      if (begun.length === 0) onLine(chunk.toString('utf8', at, end));
      else {
        const line = Buffer.concat([...begun, chunk.subarray(0, end)]);
        begun = [];
        onLine(line.toString('utf8'));
      }
      at = end + 1;
    }
    if (at < chunk.length) begun.push(chunk.subarray(at));
  });
}
