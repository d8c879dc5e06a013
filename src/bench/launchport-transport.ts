/** launchport as a benchmark sees it: a named XPC service of a job, and connections to it. */
import { type XpcDictionary, type XpcMessage, XpcTransport } from '../xpc/index.js';
import { ownMemory } from './connection-loops.js';
import { MEMORY_ROUTE } from './task.js';
import type { EchoClient, EchoMessage, EchoServer, EchoTransport } from './transport.js';

/** Addresses are names of services; the launchd of the environment (`LAUNCHPORT_BOOTSTRAP`) has them. */
export const launchportTransport: EchoTransport = {
  name: 'launchport',
  serve: async (service) => serveEcho(service),
  connect: async (service) => connectEcho(service),
};

function serveEcho(service: string): EchoServer {
  const transport = XpcTransport.default();
  const listener = transport.listen(service, () => ({
    request: (message) => (message.route === MEMORY_ROUTE ? withMemory(message) : (message as XpcMessage)),
  }));
  return {
    close: async () => {
      listener.cancel();
      await transport.close();
    },
  };
}

function connectEcho(service: string): EchoClient {
  const transport = XpcTransport.default();
  const connection = transport.connect(service);
  return {
    echo: (message) =>
      connection.request(message as unknown as XpcMessage) as Promise<unknown> as Promise<EchoMessage>,
    close: () => connection[Symbol.asyncDispose](),
    counters: () => {
      const { messagesReceived, wakeUps } = transport.statistics();
      return { messages: messagesReceived, wakeUps };
    },
  };
}

/** The reply to the question for this process's memory. */
export function withMemory(message: XpcDictionary): XpcMessage {
  return { ...message, name: String(ownMemory()) };
}
