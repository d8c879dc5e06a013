/** A helper and its client, each a process of one in-memory system. */
import { bootstrapPath } from '../../src/native/index.js';
import { createMockWorld, type MockWorld } from '../../src/native/mock/index.js';
import { RouteServer } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';

const DIRECTORY = '/bootstrap';
const CLIENT_PID = 4711;

/** A helper's process with its Mach service, and how a client reaches it. */
export interface HelperLink extends AsyncDisposable {
  readonly world: MockWorld;
  readonly transport: XpcTransport;
  /** Serves the Mach service. */
  readonly server: RouteServer;
  /** For a client: its own process. */
  readonly options: {
    readonly transport: XpcTransport;
    readonly bootstrap: string;
    readonly timeout: number;
  };
  /** A descriptor of the client to send. */
  file(label: string): number;
}

/** Starts a helper that listens at `service`. */
export function openHelper(service: string): HelperLink {
  const world = createMockWorld();
  const descriptor = world.createListener(bootstrapPath(DIRECTORY, service));
  const transport = new XpcTransport(world.binding());
  const server = new RouteServer({ transport });
  transport.listen(service, server.accept, { ...server.listenOptions, descriptor });
  const client = new XpcTransport(world.binding(CLIENT_PID));
  return {
    world,
    transport,
    server,
    options: { transport: client, bootstrap: DIRECTORY, timeout: 60_000 },
    file: (label) => world.createDescriptor(label, CLIENT_PID),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await transport.close();
      world.close();
    },
  };
}
