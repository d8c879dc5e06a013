/** Unix sockets, ready to use, and their ends. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { EchoServer } from '../transport.js';

/** Listens at `path`; `onConnection` gets each client. */
export async function serveAt(path: string, onConnection: (socket: Socket) => void): Promise<EchoServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // Clients go as they please; what they asked for is no longer wanted then.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen({ path, backlog: 4096 });
  await once(server, 'listening');
  return {
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Connects to `path`; `onEnd` is told when the connection is gone, whoever ended it. */
export async function connectTo(path: string, onEnd: (error: Error) => void): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  socket.on('error', onEnd).on('close', () => onEnd(new Error('the connection has ended')));
  return socket;
}

/** Ends a connection. */
export async function endSocket(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy();
  await closed;
}
