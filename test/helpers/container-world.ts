/** An API server in memory that has containers and networks, for tests of commands. */
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import {
  type ContainerConfiguration,
  type ContainerSnapshot,
  containerProcessProtocol,
  containerProtocol,
  type NetworkResource,
  networksProtocol,
  ping,
} from '../../src/compat/index.js';
import { serverProtocol } from '../../src/harness/index.js';
import { bootstrapDirectory, bootstrapPath } from '../../src/native/index.js';
import { createMockWorld } from '../../src/native/mock/index.js';
import { type RouteContext, RouteServer, routeError } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { type CapturedContext, captureContext } from './cli-context.js';

type Handler = (request: never, context: RouteContext) => unknown;
const SERVER = 1;
const CLIENT = 2;

/** A request as the server got it; descriptors as the names of their files. */
export interface SeenCall {
  readonly route: string;
  readonly request: Readonly<Record<string, unknown>>;
}

/** The server, and what it was asked. */
export class ContainerWorld implements AsyncDisposable {
  readonly world = createMockWorld();
  readonly calls: SeenCall[] = [];
  readonly containers = new Map<string, ContainerSnapshot>();
  readonly networks = new Map<string, NetworkResource>();
  /** Instead of what the server does by itself, by route. */
  readonly handlers = new Map<string, Handler>();
  appName = 'launchport';
  exitCode = 0;
  readonly #server: XpcTransport;

  constructor(appRoot: string) {
    const service = 'com.apple.container.apiserver';
    const descriptor = this.world.createListener(bootstrapPath(bootstrapDirectory(), service));
    this.#server = new XpcTransport(this.world.binding(SERVER));
    const routes = new RouteServer({ transport: this.#server });
    const own = this.#own(appRoot);
    const protocols = [containerProtocol, containerProcessProtocol, networksProtocol, serverProtocol];
    for (const route of [ping, ...protocols.flatMap((each) => Object.values(each.routes))]) {
      if ('item' in route) continue;
      routes.handle(
        route as typeof ping,
        (async (request: Record<string, unknown>, context: RouteContext) => {
          this.calls.push({ route: route.name, request: this.#plain(request) });
          const handler = this.handlers.get(route.name) ?? own[route.name];
          if (handler === undefined) throw routeError('unsupported', `no ${route.name} here`);
          return handler(request as never, context);
        }) as never,
      );
    }
    this.#server.listen(service, routes.accept, { ...routes.listenOptions, descriptor });
    this.world.binding(CLIENT);
    vi.spyOn(XpcTransport, 'default').mockImplementation(() => new XpcTransport(this.world.binding(CLIENT)));
  }

  /** A context whose streams are files called stdin, stdout and stderr. */
  context(
    environment: NodeJS.ProcessEnv = {},
    more: Parameters<typeof captureContext>[2] = {},
    cwd?: string,
  ): CapturedContext {
    const file = (label: string) => this.world.createDescriptor(label, CLIENT);
    return captureContext(environment, cwd, {
      descriptors: [file('stdin'), file('stdout'), file('stderr')],
      ...more,
    });
  }

  /** The requests to a route. */
  asked(route: string): readonly Readonly<Record<string, unknown>>[] {
    return this.calls.filter((call) => call.route === route).map(({ request }) => request);
  }

  /** Adds a container as if it had been made. */
  add(
    id: string,
    status: ContainerSnapshot['status'] = 'running',
    more: Partial<ContainerConfiguration> = {},
  ): void {
    const configuration = { ...exampleConfiguration(id), ...more };
    this.containers.set(id, { configuration, status, networks: [] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
    this.world.close();
  }

  #own(appRoot: string): Readonly<Record<string, Handler>> {
    const existing = (id: string): ContainerSnapshot => {
      const found = this.containers.get(id);
      if (found === undefined) throw routeError('notFound', `container with ID ${id} not found`);
      return found;
    };
    const become = (id: string, status: ContainerSnapshot['status']) =>
      this.containers.set(id, { ...existing(id), status });
    return {
      ping: () => ({
        appRoot: pathToFileURL(appRoot).href,
        installRoot: pathToFileURL(appRoot).href,
        apiServerVersion: 'test 1',
        apiServerCommit: 'unspecified',
        apiServerBuild: 'release',
        apiServerAppName: this.appName,
      }),
      containerList: ({ listFilters }: { listFilters?: { ids: readonly string[] } }) => ({
        containers: [...this.containers.values()].filter(
          ({ configuration: { id } }) => !listFilters?.ids.length || listFilters.ids.includes(id),
        ),
      }),
      containerCreate: ({ containerConfig }: { containerConfig: ContainerConfiguration }) => {
        if (this.containers.has(containerConfig.id))
          throw routeError('exists', `container ${containerConfig.id} already exists`);
        this.containers.set(containerConfig.id, {
          configuration: containerConfig,
          status: 'stopped',
          networks: [],
        });
      },
      containerBootstrap: ({ id }: { id: string }) => void existing(id),
      containerCreateProcess: ({ id }: { id: string }) => void existing(id),
      containerStartProcess: ({ id }: { id: string }) => void become(id, 'running'),
      containerWait: ({ id, processIdentifier }: { id: string; processIdentifier: string }) => {
        if (id === processIdentifier) become(id, 'stopped');
        return { exitCode: this.exitCode };
      },
      containerStop: ({ id }: { id: string }) => void become(id, 'stopped'),
      containerKill: ({ id }: { id: string }) => void existing(id),
      containerResize: ({ id }: { id: string }) => void existing(id),
      containerDelete: ({ id, forceDelete }: { id: string; forceDelete?: boolean }) => {
        if (existing(id).status === 'running' && !forceDelete)
          throw routeError('invalidState', `container ${id} is running and can not be deleted`);
        this.containers.delete(id);
      },
      networkList: () => ({ networkResources: [...this.networks.values()] }),
      networkCreate: ({ networkConfig }: { networkConfig: NetworkResource['configuration'] }) => {
        const networkResource = exampleNetwork(networkConfig.name, networkConfig);
        this.networks.set(networkConfig.name, networkResource);
        return { networkResource };
      },
      networkDelete: ({ networkId }: { networkId: string }) => {
        if (!this.networks.delete(networkId)) throw routeError('notFound', `no network for id ${networkId}`);
      },
      'com.launchport.server/networks': () => ({
        networks: [...this.networks.values()].map(({ id, configuration: { plugin } }) => ({
          id,
          plugin,
          state: 'running',
          isBuiltin: id === 'default',
          containers: [],
        })),
      }),
    };
  }

  #plain(request: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(request).map(([key, value]) => {
        const fd =
          typeof value === 'object' && value !== null && 'fd' in value ? Number(value.fd) : undefined;
        return [key, fd === undefined ? value : this.world.descriptorLabel(fd)];
      }),
    );
  }
}

/** A container of a busybox. */
export function exampleConfiguration(id: string): ContainerConfiguration {
  return {
    id,
    image: {
      reference: 'docker.io/library/busybox:latest',
      descriptor: {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: `sha256:${'a'.repeat(64)}`,
        size: 500,
      },
    },
    initProcess: {
      executable: '/bin/sh',
      arguments: ['-c', 'echo "hi"'],
      environment: ['PATH=/bin', 'HOME=/'],
      workingDirectory: '/',
      terminal: false,
      user: { id: { uid: 0, gid: 0 } },
      supplementalGroups: [],
      rlimits: [],
    },
    mounts: [],
    publishedPorts: [],
    publishedSockets: [],
    labels: {},
    sysctls: {},
    networks: [],
    rosetta: false,
    platform: { os: 'linux', architecture: 'amd64' },
    resources: { cpus: 2, memoryInBytes: 64 * 1024 ** 2, cpuOverhead: 1 },
    runtimeHandler: 'sandboxd',
    virtualization: false,
    ssh: false,
    readOnly: false,
    useInit: false,
    capAdd: [],
    capDrop: [],
    creationDate: new Date(0),
  };
}

/** A network of the bridge plugin. */
export function exampleNetwork(
  id: string,
  configuration: Partial<NetworkResource['configuration']> = {},
): NetworkResource {
  return {
    id,
    configuration: {
      name: id,
      creationDate: new Date(0),
      mode: 'nat',
      labels: {},
      plugin: 'bridge',
      options: {},
      ...configuration,
    },
    status: { ipv4Subnet: '10.9.0.0/24', ipv4Gateway: '10.9.0.1' },
  };
}
