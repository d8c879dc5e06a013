/** An API server over the mock world: bundles and state on disk, launchd and messages whole; only processes are not real. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningApiServer, type StartOptions, startApiServer } from '../../src/apiserver/index.js';
import {
  type ContainerConfiguration,
  containerConfiguration,
  type NetworkStatus,
  networkProtocol,
} from '../../src/compat/index.js';
import { ApiClient, PluginHost } from '../../src/harness/index.js';
import { createMockWorld, type MockProcess, type MockWorld } from '../../src/native/mock/index.js';
import { RouteServer } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { type FakeRuntime, type RuntimeBehaviour, runtimeProgram } from './fake-runtime.js';

/** A bundle of the rig. */
export type BundleType = 'runtime' | 'network';

/** Everything a test of the API server needs. Give it to `await using`. */
export class Rig implements AsyncDisposable {
  readonly directory: string;
  readonly world: MockWorld = createMockWorld();
  /** The runtimes that were started, the last of each container. */
  readonly runtimes = new Map<string, FakeRuntime>();
  /** What runtimes and network helpers do before they answer. */
  readonly runtime: RuntimeBehaviour = {};
  readonly network: { before?: (route: string, id: string) => void | Promise<void> } = {};
  /** Arguments of the network helpers that were started. */
  readonly helpers: (readonly string[])[] = [];
  readonly #hosts: { readonly host: PluginHost; readonly server: RunningApiServer }[] = [];
  readonly #transports: XpcTransport[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<Rig> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), 'lp-api-')));
    await rig.bundle('rt', 'runtime');
    await rig.bundle('net', 'network');
    await mkdir(join(rig.directory, 'image', 'bin'), { recursive: true });
    await writeFile(join(rig.directory, 'image', 'bin', 'sh'), 'a shell');
    const close = (fd: number) => void rig.world.closeDescriptor(fd);
    rig.world.program(
      rig.binary('rt'),
      runtimeProgram((each) => rig.runtimes.set(each.id, each), rig.runtime, close),
    );
    rig.world.program(rig.binary('net'), (process) => rig.#serveNetwork(process));
    return rig;
  }

  binary(name: string): string {
    return join(this.directory, 'plugins', name, 'bin', name);
  }

  /** A path below the application root. */
  state(...path: readonly string[]): string {
    return join(this.directory, 'app', ...path);
  }

  /** The value of a state file. */
  async json(...path: readonly string[]): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(this.state(...path), 'utf8')) as Record<string, unknown>;
  }

  async bundle(name: string, type: BundleType): Promise<void> {
    await mkdir(join(this.directory, 'plugins', name, 'bin'), { recursive: true });
    await writeFile(
      join(this.directory, 'plugins', name, 'config.toml'),
      `abstract = "${name}"\n[servicesConfig]\nloadAtBoot = false\nrunAtLoad = false\ndefaultArguments = []\n` +
        `[[servicesConfig.services]]\ntype = "${type}"\n`,
    );
    await writeFile(this.binary(name), '#!/bin/sh\n');
    await chmod(this.binary(name), 0o755);
  }

  /** Starts a server. The one before must have been stopped or abandoned. */
  async start(options: StartOptions & { readonly debug?: boolean } = {}): Promise<RunningApiServer> {
    const { debug = false, ...rest } = options;
    const host = await PluginHost.start({
      binding: this.world.binding(),
      directory: join(this.directory, 'run'),
      roots: { app: this.state(), install: join(this.directory, 'install') },
      pluginDirectories: [join(this.directory, 'plugins')],
      environment: { HOME: this.directory },
      debug,
    });
    const server = await startApiServer(host, { defaultNetworkPlugin: false, ...rest });
    this.#hosts.push({ host, server });
    return server;
  }

  /** Ends the server in good order. */
  async stop(): Promise<void> {
    const { host, server } = this.#hosts.pop() as { host: PluginHost; server: RunningApiServer };
    await server.stop();
    await host.stop();
  }

  /** A client that is another process. */
  client(pid = 4711): ApiClient {
    const transport = new XpcTransport(this.world.binding(pid));
    this.#transports.push(transport);
    return ApiClient.connect(transport, {
      bootstrap: join(this.directory, 'run', 'bootstrap'),
      timeout: 20_000,
    });
  }

  /** A configuration with the rig's runtime and image. */
  container(id: string, changes: Readonly<Record<string, unknown>> = {}): ContainerConfiguration {
    return containerConfiguration.parse({
      id,
      image: {
        reference: join(this.directory, 'image'),
        descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:0', size: 1 },
      },
      initProcess: {
        executable: '/bin/sh',
        arguments: [],
        environment: [],
        workingDirectory: '/',
        terminal: false,
        user: { id: { uid: 0, gid: 0 } },
        supplementalGroups: [],
        rlimits: [],
      },
      runtimeHandler: 'rt',
      ...changes,
    });
  }

  /** Creates, bootstraps and starts a container; resolves to its runtime. */
  async run(
    client: ApiClient,
    id: string,
    changes?: Readonly<Record<string, unknown>>,
  ): Promise<FakeRuntime> {
    await client.containers.create(this.container(id, changes));
    await client.containers.bootstrap(id);
    await client.containers.startProcess(id);
    return this.runtimes.get(id) as FakeRuntime;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#hosts.length > 0) await this.stop();
    for (const transport of this.#transports) await transport.close();
    const [failure] = this.world.failures;
    this.world.close();
    await rm(this.directory, { recursive: true, force: true });
    if (failure !== undefined) throw failure;
  }

  #serveNetwork(process: MockProcess): void {
    const args = process.argv.slice(1);
    this.helpers.push(args);
    process.signals = () => process.exit(0);
    const id = args[args.indexOf('--id') + 1] as string;
    const subnet = args[args.indexOf('--subnet') + 1];
    const ipv4Subnet = args.includes('--subnet') ? (subnet as string) : `10.99.${id.length}.0/24`;
    const status: NetworkStatus = { ipv4Subnet, ipv4Gateway: '10.99.0.1' };
    const transport = new XpcTransport(process.binding);
    const enter = async (route: string) => this.network.before?.(route, id);
    const attachment = {
      network: id,
      hostname: `host-${id}`,
      ipv4Address: '10.99.0.2/24',
      ipv4Gateway: '10.99.0.1',
    };
    const routes = new RouteServer({ transport }).serve(networkProtocol, {
      async status() {
        await enter('status');
        return { status };
      },
      async allocate() {
        await enter('allocate');
        return { attachment };
      },
      async lookup({ hostname }) {
        await enter('lookup');
        return hostname === attachment.hostname ? { attachment } : {};
      },
    });
    transport.listen(process.env.LISTEN_FDNAMES as string, routes.accept);
  }
}
