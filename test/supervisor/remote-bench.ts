/** A supervisor that is served to another process, in the mock world. */
import { SupervisorClient, SupervisorServer } from '../../src/supervisor/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { Bench, DOMAIN, LABEL } from './bench.js';

export const TARGET = `${DOMAIN}/${LABEL}` as const;
const CLIENT_PID = 700_001;

/** A bench whose supervisor is served, and a client in a process of its own. */
export class RemoteBench implements AsyncDisposable {
  readonly bench: Bench;
  readonly shutdowns: { readonly timeout?: number }[] = [];
  server: SupervisorServer;
  readonly transport: XpcTransport;
  readonly client: SupervisorClient;
  #serverTransport!: XpcTransport;

  constructor(bench: Bench) {
    this.bench = bench;
    this.server = this.serve();
    this.transport = new XpcTransport(bench.world.binding(CLIENT_PID), { logger: bench.log });
    this.client = new SupervisorClient({
      transport: this.transport,
      bootstrap: bench.supervisor.bootstrapDirectory,
    });
  }

  static async start(): Promise<RemoteBench> {
    return new RemoteBench(await Bench.start());
  }

  serve(): SupervisorServer {
    this.#serverTransport = new XpcTransport(this.bench.world.binding(), { logger: this.bench.log });
    return new SupervisorServer({
      supervisor: this.bench.supervisor,
      version: '1.2.3',
      transport: this.#serverTransport,
      logger: this.bench.log,
      onShutdown: (options) => this.shutdowns.push(options),
    });
  }

  /** Ends the server as the end of its process does, and the supervisor with it. */
  async crash(): Promise<void> {
    await this.#serverTransport.close();
    await this.bench.supervisor.stop();
  }

  /** The next daemon on the directory. */
  async restart(): Promise<void> {
    this.bench.supervisor = await this.bench.supervise();
    this.server = this.serve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.transport.close();
    await this.server.stop({ timeout: 1000 }).catch(() => {});
    await this.#serverTransport.close();
    await this.bench[Symbol.asyncDispose]();
  }
}
