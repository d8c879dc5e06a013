/** Client of a runtime helper, ours or upstream's: first its endpoint, then everything else over that. */
import type { WaitOptions } from '../base/index.js';
import { type CallOptions, type DisconnectListener, RouteClient } from '../routes/index.js';
import { type XpcFileDescriptor, XpcTransport } from '../xpc/index.js';
import { type Stdio, stdioKeys, TIMEOUTS, untilAnswered, within } from './client-calls.js';
import { type ContainerStats, type ContainerStopOptions, DEFAULT_STOP_OPTIONS } from './container-json.js';
import { connectHelper, type HelperOptions } from './helper-options.js';
import type { ProcessConfiguration } from './process-json.js';
import type { NetworkBootstrapInfo, ProcessInfo, SandboxSnapshot } from './runtime-json.js';
import { createEndpoint, processProtocol, runtimeProtocol, runtimeServiceName } from './runtime-protocol.js';

const { routes } = runtimeProtocol;

/** How a process ended. */
export interface ExitStatus {
  /** 128 and the signal's number for one that a signal ended; -1 for a process that nobody knows. */
  readonly exitCode: number;
  readonly exitedAt: Date;
}

/** What a sandbox is made with. */
export interface BootstrapRequest {
  readonly stdio?: Stdio;
  /** One for each network of the container's configuration, in their order. */
  readonly networkBootstrapInfos: readonly NetworkBootstrapInfo[];
  readonly dynamicEnv?: Readonly<Record<string, string>>;
}

/**
 * Calls a runtime helper. Calls have deadlines (60 s; five minutes for bootstrap and copies), save `wait`. All throw
 * LaunchportError as `RouteClient.call`; the end of the helper is ERR_XPC_INVALID, for its endpoint ends with it.
 */
export class RuntimeHelperClient implements AsyncDisposable {
  /** The connection to the helper's endpoint. */
  readonly client: RouteClient;

  /** Over a connection that exists; see {@link RuntimeHelperClient.connect}. */
  constructor(client: RouteClient) {
    this.client = client;
  }

  /** Connects to the helper of container `id`, which launchd starts if need be. */
  static async connect(
    runtime: string,
    id: string,
    options: HelperOptions & WaitOptions = {},
  ): Promise<RuntimeHelperClient> {
    await using service = connectHelper(runtimeServiceName(runtime, id, options.prefix), options);
    return await RuntimeHelperClient.open(service, options);
  }

  /** Asks for the endpoint over a connection to the Mach service, which is not needed afterwards, and connects to it. */
  static async open(
    service: RouteClient,
    options: Pick<HelperOptions, 'transport'> & WaitOptions = {},
  ): Promise<RuntimeHelperClient> {
    const { transport = XpcTransport.default(), timeout = TIMEOUTS.usual, signal } = options;
    const bounds = { timeout, ...(signal === undefined ? {} : { signal }) };
    const { runtimeServiceEndpoint } = await service.call(createEndpoint, {}, bounds);
    using endpoint = runtimeServiceEndpoint;
    return new RuntimeHelperClient(RouteClient.connect(transport, endpoint, { timeout: TIMEOUTS.usual }));
  }

  /** Hears that the helper is gone. */
  onDisconnect(listener: DisconnectListener): () => void {
    return this.client.onDisconnect(listener);
  }

  /** Makes the sandbox and its first process. */
  async bootstrap(request: BootstrapRequest, options?: CallOptions): Promise<void> {
    const { stdio, networkBootstrapInfos, dynamicEnv = {} } = request;
    const body = { ...stdioKeys(stdio), dynamicEnv, networkBootstrapInfos };
    await this.client.call(routes.bootstrap, body, within(TIMEOUTS.prepare, options));
  }

  /** Runs a process: the container's first, which has its id, or one of {@link createProcess}. */
  async start(id: string, options?: CallOptions): Promise<void> {
    await this.client.call(routes.start, { id }, options);
  }

  /** Makes another process, which does not run yet. */
  async createProcess(
    id: string,
    processConfig: ProcessConfiguration,
    stdio?: Stdio,
    options?: CallOptions,
  ): Promise<void> {
    await this.client.call(routes.createProcess, { id, processConfig, ...stdioKeys(stdio) }, options);
  }

  /** Waits for the end of a process, as long as it takes when no `timeout` is given. */
  wait(id: string, options?: WaitOptions): Promise<ExitStatus> {
    return untilAnswered(options, (bounds) => this.client.call(routes.wait, { id }, bounds));
  }

  /** Sends a signal, by name or number. */
  async kill(id: string, signal: string, options?: CallOptions): Promise<void> {
    await this.client.call(routes.kill, { id, signal }, options);
  }

  /** Tells a process's terminal its size in columns and rows. */
  async resize(id: string, width: number, height: number, options?: CallOptions): Promise<void> {
    await this.client.call(routes.resize, { id, width, height }, options);
  }

  /** What the sandbox is doing. */
  async state(options?: CallOptions): Promise<SandboxSnapshot> {
    return (await this.client.call(routes.state, {}, options)).snapshot;
  }

  /** Ends all processes. The deadline counts from when the helper must have killed them. */
  async stop(stopOptions: ContainerStopOptions = DEFAULT_STOP_OPTIONS, options?: CallOptions): Promise<void> {
    const timeout = Math.max(stopOptions.timeoutInSeconds, 0) * 1000 + TIMEOUTS.usual;
    await this.client.call(routes.stop, { stopOptions }, within(timeout, options));
  }

  /** Gets the helper ready to be ended. */
  async shutdown(options?: CallOptions): Promise<void> {
    await this.client.call(routes.shutdown, {}, options);
  }

  /** What the sandbox uses. */
  async statistics(options?: CallOptions): Promise<ContainerStats> {
    return (await this.client.call(routes.statistics, {}, options)).statistics;
  }

  /** A connection to a port inside; the caller's to take or close. */
  async dial(port: number, options?: CallOptions): Promise<XpcFileDescriptor> {
    return (await this.client.call(routes.dial, { port }, options)).fd;
  }

  /** Copies a file or directory of the host into the container. */
  async copyIn(
    sourcePath: string,
    destinationPath: string,
    how: { readonly mode?: number; readonly createParents?: boolean } = {},
    options?: CallOptions,
  ): Promise<void> {
    const { mode: fileMode = 0o644, createParents = true } = how;
    const body = { sourcePath, destinationPath, fileMode, createParents };
    await this.client.call(routes.copyIn, body, within(TIMEOUTS.copy, options));
  }

  /** Copies a file or directory of the container to the host. */
  async copyOut(
    sourcePath: string,
    destinationPath: string,
    how: { readonly createParents?: boolean } = {},
    options?: CallOptions,
  ): Promise<void> {
    const body = { sourcePath, destinationPath, createParents: how.createParents ?? true };
    await this.client.call(routes.copyOut, body, within(TIMEOUTS.copy, options));
  }

  /** Copies the disk image of the root file system. */
  async snapshotDisk(imagePath: string, destinationPath: string, options?: CallOptions): Promise<void> {
    const body = { imagePath, destinationPath };
    await this.client.call(routes.snapshotDisk, body, within(TIMEOUTS.copy, options));
  }

  /** Which processes run. A route of ours: ERR_REMOTE from other helpers. */
  async processes(options?: CallOptions): Promise<readonly ProcessInfo[]> {
    return (await this.client.call(processProtocol.routes.processes, {}, options)).processes;
  }

  /** Ends the connection; the helper goes on. */
  close(): Promise<void> {
    return this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
