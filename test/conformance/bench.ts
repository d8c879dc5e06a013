/** What a test of the suite works with: an environment, two ports, and services between them. */
import type { Handle, NamedTarget, SupervisorPort } from '../../src/native/index.js';
import { collectGarbage } from '../helpers/garbage.js';
import type { ConformanceEnvironment } from './environment.js';
import { TestPort } from './test-port.js';

/** A listening socket that nobody accepts on yet. */
export interface Service {
  readonly name: string;
  readonly target: NamedTarget;
  readonly descriptor: number;
}

/** An established connection. */
export interface Pair {
  readonly service: Service;
  readonly listener: Handle;
  /** The client's handle, of `client`. */
  readonly connection: Handle;
  /** The server's handle, of `server`. */
  readonly peer: Handle;
}

/** A connection between two ends of one port, over an anonymous listener: it needs nothing of the system. */
export interface PrivatePair {
  readonly port: TestPort;
  readonly listener: Handle;
  readonly endpoint: Handle;
  readonly connection: Handle;
  readonly peer: Handle;
}

/** What a process did, as its supervisor saw it. */
export interface Exit {
  readonly process: Handle;
  readonly exitCode: number;
  readonly signal: number;
}

/** One test's bench. */
export class Bench {
  readonly environment: ConformanceEnvironment;
  readonly client: TestPort;
  readonly server: TestPort;
  readonly demands: number[] = [];
  readonly exits: Exit[] = [];
  /** Called inside the report of an exit. */
  onExit: ((exit: Exit) => void) | undefined;
  readonly #ports: TestPort[] = [];
  readonly #services: number[] = [];
  #supervisor: SupervisorPort | undefined;
  #count = 0;

  constructor(environment: ConformanceEnvironment) {
    this.environment = environment;
    this.client = this.port();
    this.server = this.port();
  }

  get supervisor(): SupervisorPort {
    if (this.#supervisor === undefined) {
      const { openSupervisor } = this.environment.binding;
      if (openSupervisor === undefined) throw new Error('the binding has no supervisor');
      this.#supervisor = openSupervisor({
        demand: (descriptor) => this.demands.push(descriptor),
        exit: (process, exitCode, signal) => {
          const exit = { process, exitCode, signal };
          this.onExit?.(exit);
          this.exits.push(exit);
        },
      });
      this.#supervisor.setActive(true);
    }
    return this.#supervisor;
  }

  /** Another port of the same process. */
  port(): TestPort {
    const port = new TestPort(this.environment.binding);
    this.#ports.push(port);
    return port;
  }

  /** A name at which clients can wait. */
  service(backlog = 64): Service {
    this.#count += 1;
    const name = `com.example.service${this.#count}`;
    const target = this.environment.target(name);
    if (target.address === undefined) throw new Error('a service needs an address');
    const descriptor = this.supervisor.createListener(target.address, backlog);
    this.#services.push(descriptor);
    return { name, target, descriptor };
  }

  /** A connection over which one round trip was made. */
  async pair(): Promise<Pair> {
    const service = this.service();
    const listener = this.server.listen({ name: service.name, descriptor: service.descriptor });
    const connection = this.client.dial(service.target);
    const peers = this.server.of('peer').length;
    const requests = this.server.of('request').length;
    const id = this.client.request(connection);
    const { peer } = await this.server.next('peer', peers + 1);
    this.server.reply(await this.server.next('request', requests + 1));
    await this.client.outcome(id);
    this.client.received.splice(0);
    this.server.received.splice(0);
    return { service, listener, connection, peer };
  }

  /** Such a connection, over which one round trip was made. */
  async privatePair(): Promise<PrivatePair> {
    const port = this.client;
    const listener = port.listen({});
    const endpoint = port.call(() => port.port.endpoint(listener));
    const connection = port.dial({ endpoint });
    const id = port.request(connection);
    const { peer } = await port.next('peer');
    port.reply(await port.next('request'));
    await port.outcome(id);
    port.received.splice(0);
    return { port, listener, endpoint, connection, peer };
  }

  /**
   * How many descriptors are open once earlier tests have left none to the loop and to the collector: a supervisor closes
   * its own when it is collected.
   */
  async descriptorsAtRest(): Promise<number> {
    await this.settle();
    await collectGarbage();
    return this.environment.files.count();
  }

  /** Runs `work`, and waits until no more descriptors are open than before it. */
  async withoutLeak(work: () => Promise<void> | void): Promise<void> {
    const { files } = this.environment;
    const before = await this.descriptorsAtRest();
    const listed = files.list?.() ?? [];
    await work();
    const what = () => {
      const lists = [listed, files.list?.() ?? []].map((list) => list.join(' '));
      return `${files.count()} descriptors to become ${before}: ${lists.join(' and then ')}`;
    };
    // Fewer, when an earlier test's sockets needed longer than that: the machine is slow, and nothing leaked.
    await this.until(what, () => files.count() <= before);
  }

  /**
   * Resolves when everything that is under way in this process has arrived: each turn of the loop polls every socket
   * once, and nothing here needs more than a few.
   */
  async settle(): Promise<void> {
    if (this.environment.settle !== undefined) return this.environment.settle();
    for (let turn = 0; turn < 25; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Waits for what no port reports. */
  async until(what: string | (() => string), condition: () => boolean): Promise<void> {
    for (const end = Date.now() + 60_000; !condition(); ) {
      if (Date.now() > end) throw new Error(`waited for ${typeof what === 'string' ? what : what()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async close(): Promise<void> {
    for (const { port } of this.#ports) port.close();
    for (const descriptor of this.#services) {
      try {
        this.#supervisor?.closeDescriptor(descriptor);
      } catch {
        // The test closed it. The others would be open until garbage collection, which disturbs who counts.
      }
    }
    this.#supervisor?.close();
    await this.environment.close();
  }
}
