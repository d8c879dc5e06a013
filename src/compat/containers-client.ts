/** Client of the containers of an API server, ours or upstream's. */
import { LaunchportError, type WaitOptions } from '../base/index.js';
import type { CallOptions } from '../routes/index.js';
import type { XpcFileDescriptor } from '../xpc/index.js';
import {
  type Caller,
  isReplyCode,
  type Stdio,
  stdioKeys,
  TIMEOUTS,
  untilAnswered,
  within,
} from './client-calls.js';
import {
  type ContainerConfiguration,
  type ContainerCreateOptions,
  type ContainerListFilters,
  type ContainerSnapshot,
  type ContainerStats,
  type ContainerStopOptions,
  DEFAULT_STOP_OPTIONS,
} from './container-json.js';
import { containerProcessProtocol, containerProtocol } from './container-protocol.js';
import type { ProcessConfiguration } from './process-json.js';
import type { Kernel, ProcessInfo, SystemPlatform } from './runtime-json.js';

const { routes } = containerProtocol;

/** What a container is made with, besides its configuration. */
export interface CreateRequest {
  readonly options?: ContainerCreateOptions;
  /** Upstream's server wants one: its default kernel is asked for when it says so. */
  readonly kernel?: Kernel;
  readonly initImage?: string;
  /** For the runtime, which alone knows what it means. */
  readonly runtimeData?: Uint8Array;
}

/** The open log files of a container; both are the caller's to take or close. */
export interface ContainerLogs {
  readonly stdio: XpcFileDescriptor;
  readonly boot: XpcFileDescriptor;
}

/**
 * Calls the container routes. A process is named by its container's id and its own; the first process has the
 * container's. Calls have deadlines (60 s; five minutes to create, bootstrap, copy, export and delete), save `wait`. All
 * throw LaunchportError as `RouteClient.call`.
 */
export class ContainersClient {
  readonly caller: Caller;

  /** Over a `RouteClient` or an `ApiClient`. */
  constructor(caller: Caller) {
    this.caller = caller;
  }

  /** Makes a container, which does not run yet. */
  async create(
    containerConfig: ContainerConfiguration,
    request: CreateRequest = {},
    options?: CallOptions,
  ): Promise<void> {
    const { options: containerOptions = { autoRemove: false }, kernel, initImage, runtimeData } = request;
    const body = { containerConfig, containerOptions, initImage, runtimeData };
    const send = (machine: Kernel | undefined) =>
      this.caller.call(
        routes.containerCreate,
        { ...body, kernel: machine },
        within(TIMEOUTS.prepare, options),
      );
    try {
      await send(kernel);
    } catch (error) {
      if (kernel !== undefined || !isReplyCode(error, 'invalidArgument') || !/kernel/.test(String(error))) {
        throw error;
      }
      const architecture = containerConfig.platform.architecture === 'arm64' ? 'arm64' : 'amd64';
      await send(await this.defaultKernel({ os: 'linux', architecture }, options));
    }
  }

  /** Containers that the filters let through; all of them without. */
  async list(
    filters: Partial<ContainerListFilters> = {},
    options?: CallOptions,
  ): Promise<readonly ContainerSnapshot[]> {
    const listFilters = { ids: [], labels: {}, ...filters };
    return (await this.caller.call(routes.containerList, { listFilters }, options)).containers;
  }

  /** One container. @throws ERR_REMOTE with details.code `notFound`, as a server would say it */
  async get(id: string, options?: CallOptions): Promise<ContainerSnapshot> {
    const [found] = await this.list({ ids: [id] }, options);
    if (found !== undefined) return found;
    throw new LaunchportError('ERR_REMOTE', `there is no container ${id}`, {
      details: { code: 'notFound', message: `container ${id} not found`, id },
    });
  }

  /** Has the sandbox and the first process made. */
  async bootstrap(
    id: string,
    request: { readonly stdio?: Stdio; readonly dynamicEnv?: Readonly<Record<string, string>> } = {},
    options?: CallOptions,
  ): Promise<void> {
    const body = { id, ...stdioKeys(request.stdio), dynamicEnv: request.dynamicEnv ?? {} };
    await this.caller.call(routes.containerBootstrap, body, within(TIMEOUTS.prepare, options));
  }

  /** Makes another process, which does not run yet. */
  async createProcess(
    id: string,
    processIdentifier: string,
    processConfig: ProcessConfiguration,
    stdio?: Stdio,
    options?: CallOptions,
  ): Promise<void> {
    const body = { id, processIdentifier, processConfig, ...stdioKeys(stdio) };
    await this.caller.call(routes.containerCreateProcess, body, options);
  }

  /** Runs a process. */
  async startProcess(id: string, processIdentifier = id, options?: CallOptions): Promise<void> {
    await this.caller.call(routes.containerStartProcess, { id, processIdentifier }, options);
  }

  /** Waits for the end of a process, as long as it takes when no `timeout` is given. Upstream tells no date. */
  wait(
    id: string,
    processIdentifier = id,
    options?: WaitOptions,
  ): Promise<{ readonly exitCode: number; readonly exitedAt?: Date | undefined }> {
    return untilAnswered(options, (bounds) =>
      this.caller.call(routes.containerWait, { id, processIdentifier }, bounds),
    );
  }

  /** Sends a signal, by name or number. */
  async kill(id: string, signal: string, processIdentifier = id, options?: CallOptions): Promise<void> {
    await this.caller.call(routes.containerKill, { id, processIdentifier, signal }, options);
  }

  /** Tells a process's terminal its size. */
  async resize(
    id: string,
    size: { readonly width: number; readonly height: number },
    processIdentifier = id,
    options?: CallOptions,
  ): Promise<void> {
    await this.caller.call(routes.containerResize, { id, processIdentifier, ...size }, options);
  }

  /** Stops a container. The deadline counts from when it must have been killed. */
  async stop(
    id: string,
    stopOptions: ContainerStopOptions = DEFAULT_STOP_OPTIONS,
    options?: CallOptions,
  ): Promise<void> {
    const timeout = Math.max(stopOptions.timeoutInSeconds, 0) * 1000 + TIMEOUTS.usual;
    await this.caller.call(routes.containerStop, { id, stopOptions }, within(timeout, options));
  }

  /** Deletes a container; one that runs only with `force`. */
  async delete(id: string, force = false, options?: CallOptions): Promise<void> {
    await this.caller.call(
      routes.containerDelete,
      { id, forceDelete: force },
      within(TIMEOUTS.prepare, options),
    );
  }

  /** The log files. @throws ERR_ROUTE_REPLY when the server does not send two */
  async logs(id: string, options?: CallOptions): Promise<ContainerLogs> {
    const { logs } = await this.caller.call(routes.containerLogs, { id }, options);
    const [stdio, boot] = logs;
    if (stdio !== undefined && boot !== undefined && logs.length === 2) return { stdio, boot };
    for (const file of logs) file.close();
    throw new LaunchportError('ERR_ROUTE_REPLY', `${logs.length} log files of container ${id}, expected 2`, {
      details: { id },
    });
  }

  /** A connection to a port of the container; the caller's to take or close. */
  async dial(id: string, port: number, options?: CallOptions): Promise<XpcFileDescriptor> {
    return (await this.caller.call(routes.containerDial, { id, port }, options)).fd;
  }

  /** What the container uses. */
  async stats(id: string, options?: CallOptions): Promise<ContainerStats> {
    return (await this.caller.call(routes.containerStats, { id }, options)).statistics;
  }

  /** Bytes that the container has on disk. */
  async diskUsage(id: string, options?: CallOptions): Promise<bigint> {
    return (await this.caller.call(routes.containerDiskUsage, { id }, options)).containerSize;
  }

  /** Copies a file or directory of the server's host into the container. */
  async copyIn(
    id: string,
    sourcePath: string,
    destinationPath: string,
    how: { readonly mode?: number; readonly createParents?: boolean } = {},
    options?: CallOptions,
  ): Promise<void> {
    const { mode: fileMode = 0o644, createParents = true } = how;
    const body = { id, sourcePath, destinationPath, fileMode, createParents };
    await this.caller.call(routes.containerCopyIn, body, within(TIMEOUTS.copy, options));
  }

  /** Copies a file or directory of the container to the server's host. */
  async copyOut(
    id: string,
    sourcePath: string,
    destinationPath: string,
    how: { readonly createParents?: boolean } = {},
    options?: CallOptions,
  ): Promise<void> {
    const body = { id, sourcePath, destinationPath, createParents: how.createParents ?? true };
    await this.caller.call(routes.containerCopyOut, body, within(TIMEOUTS.copy, options));
  }

  /** Has the root file system written as a tar archive to a path of the server's host. */
  async export(id: string, archive: string, options?: CallOptions): Promise<void> {
    await this.caller.call(routes.containerExport, { id, archive }, within(TIMEOUTS.copy, options));
  }

  /** The kernel that upstream's containers get. */
  async defaultKernel(platform: SystemPlatform, options?: CallOptions): Promise<Kernel> {
    return (await this.caller.call(routes.getDefaultKernel, { systemPlatform: platform }, options)).kernel;
  }

  /** Which processes run. A route of ours: upstream's server does not answer it, so give it a short `timeout` there. */
  async processes(id: string, options?: CallOptions): Promise<readonly ProcessInfo[]> {
    return (await this.caller.call(containerProcessProtocol.routes.processes, { id }, options)).processes;
  }
}
