/** A service and its clients in one in-memory system, for tests of routes. */

import { bootstrapPath } from '../../src/native/index.js';
import { createMockWorld, type MockWorld } from '../../src/native/mock/index.js';
import {
  RouteClient,
  type RouteClientOptions,
  RouteServer,
  type RouteServerOptions,
} from '../../src/routes/index.js';
import { type ConnectOptions, type XpcListener, XpcTransport } from '../../src/xpc/index.js';

const DIRECTORY = '/bootstrap';

/** A listener with a route server, and how to connect to it. */
export interface Link extends AsyncDisposable {
  readonly server: RouteServer;
  readonly listener: XpcListener;
  readonly transport: XpcTransport;
  readonly directory: string;
  readonly world: MockWorld;
  /** Takes the name away, as when the service's job is unloaded. */
  unload(): void;
  client(options?: RouteClientOptions & { readonly connect?: ConnectOptions }): RouteClient;
}

/** Opens a service `test.service` that serves the routes of `server`. */
export function openLink(options: RouteServerOptions = {}): Link {
  const world = createMockWorld();
  const service = 'test.service';
  const descriptor = world.createListener(bootstrapPath(DIRECTORY, service));
  const transport = new XpcTransport(world.binding());
  const server = new RouteServer({ transport, ...options });
  const listener = transport.listen(service, server.accept, { ...server.listenOptions, descriptor });
  return {
    server,
    listener,
    transport,
    directory: DIRECTORY,
    world,
    unload: () => void world.closeDescriptor(descriptor),
    client: ({ connect, ...rest } = {}) =>
      RouteClient.connect(transport, service, {
        timeout: 60_000,
        connect: { bootstrap: DIRECTORY, ...connect },
        ...rest,
      }),
    [Symbol.asyncDispose]: async () => {
      await transport.close();
      world.close();
    },
  };
}
