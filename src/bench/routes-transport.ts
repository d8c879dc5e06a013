/** launchport's typed routes as a benchmark sees them: schemas at both ends of the same messages. */
import { defineRoute, RouteClient, RouteServer, x } from '../routes/index.js';
import { XpcTransport } from '../xpc/index.js';
import type { EchoMessage, EchoTransport } from './transport.js';

const shape = { id: x.double(), payload: x.data(), name: x.string(), flag: x.bool() };
const echo = defineRoute('echo', { request: shape, reply: shape });

/** Addresses are names of services, as those of `launchportTransport`. */
export const routesTransport: EchoTransport = {
  name: 'launchport (typed routes)',
  serve: async (service) => {
    const transport = XpcTransport.default();
    const server = new RouteServer().handle(echo, (request) => request);
    const listener = transport.listen(service, server.accept, server.listenOptions);
    return {
      close: async () => {
        listener.cancel();
        await transport.close();
      },
    };
  },
  connect: async (service) => {
    const client = RouteClient.connect(XpcTransport.default(), service);
    return {
      echo: ({ id, payload, name, flag }) =>
        client.call(echo, { id, payload, name, flag }) as Promise<unknown> as Promise<EchoMessage>,
      close: () => client.close(),
    };
  },
};
