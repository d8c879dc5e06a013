/** Published ports: TCP ports of the host whose connections go on to the container's address. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../base/index.js';
import type { PublishPort } from '../../compat/index.js';
import { routeError } from '../../sdk/index.js';

/** Most ports of one container: each is a descriptor of this process. */
const MAX_PORTS = 1024;
/** Most connections at once through one port; more wait in the system's queue, which refuses in the end. */
const MAX_CONNECTIONS = 1024;

/** What forwarding needs to know. */
export interface ForwardOptions {
  /** The container's address, asked anew for each connection; undefined while it has none that can be reached. */
  readonly address: () => string | undefined;
  readonly logger: Logger;
}

/** Listens on the ports of the host until it is closed. */
export class PublishedPorts implements Disposable {
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();

  private constructor(servers: readonly Server[]) {
    this.#servers = servers;
  }

  /**
   * Opens all ports, or none.
   * @throws LaunchportError `unsupported` for UDP and for a container that cannot be reached, `exists` for a port that
   *   is taken, `invalidArgument` for too many or one that may not be had
   */
  static async open(ports: readonly PublishPort[], options: ForwardOptions): Promise<PublishedPorts> {
    assertForwardable(ports, options);
    const pairs = ports.flatMap((port) =>
      Array.from({ length: port.count }, (_, index) => ({
        host: port.hostAddress,
        port: port.hostPort === 0 ? 0 : port.hostPort + index,
        target: port.containerPort + index,
      })),
    );
    const servers = pairs.map(() => createServer({ allowHalfOpen: true, pauseOnConnect: true }));
    const published = new PublishedPorts(servers);
    try {
      for (const [index, { host, port, target }] of pairs.entries()) {
        const server = servers[index] as Server;
        server.maxConnections = MAX_CONNECTIONS;
        server.on('connection', (client) => published.#forward(client, target, options));
        await listen(server, host, port);
        // Later failures, of accept(2) as a rule, end one connection and not the container.
        server.on('error', (error) =>
          options.logger.warn('a published port failed', { error: error.message }),
        );
      }
    } catch (error) {
      published[Symbol.dispose]();
      throw error;
    }
    return published;
  }

  /** Where it listens, in the order of the ports. */
  get addresses(): readonly AddressInfo[] {
    return this.#servers.map((server) => server.address() as AddressInfo);
  }

  /** Closes the ports and every connection through them. */
  [Symbol.dispose](): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(client: Socket, port: number, { address, logger }: ForwardOptions): void {
    const host = address();
    if (host === undefined) return void client.destroy();
    const target = connect({ host, port, allowHalfOpen: true });
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', (error) =>
        logger.debug('a connection through a published port failed', { port, error: error.message }),
      );
      // A side that went without saying so takes the other with it; after a proper end the rest is still delivered.
      socket.once('close', (hadError) => {
        this.#sockets.delete(socket);
        if (hadError || !socket.readableEnded) other.destroy();
      });
      socket.pipe(other);
    }
  }
}

function assertForwardable(ports: readonly PublishPort[], { address }: ForwardOptions): void {
  const count = ports.reduce((sum, port) => sum + port.count, 0);
  if (count > MAX_PORTS)
    throw routeError('invalidArgument', `${count} published ports; at most ${MAX_PORTS}`);
  const udp = ports.find(({ proto }) => proto !== 'tcp');
  if (udp !== undefined) {
    throw routeError(
      'unsupported',
      `port ${udp.hostPort}/${udp.proto} cannot be published: only TCP is forwarded`,
    );
  }
  if (count > 0 && address() === undefined) {
    throw routeError(
      'unsupported',
      'ports cannot be published: the container has no interface on any network',
      {
        hint: 'Give it a network whose plugin makes interfaces; vminitd.log in its directory says what was missing.',
      },
    );
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      const where = `port ${port} of ${host}`;
      reject(
        error.code === 'EADDRINUSE'
          ? routeError('exists', `${where} is taken`)
          : routeError('invalidArgument', `${where} cannot be published: ${error.message}`),
      );
    };
    server.once('error', fail);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
