/** Containers: what the API server's routes do. */
import { isLaunchportError, type LaunchportError, untilAborted } from '../base/index.js';
import type {
  AttachmentConfiguration,
  ContainerListFilters,
  ContainerSnapshot,
  ContainerStats,
  ContainerStopOptions,
  ProcessConfiguration,
  ProcessInfo,
} from '../compat/index.js';
import type { ContainerDetails } from '../harness/index.js';
import { isRouteError, routeError } from '../routes/index.js';
import type { XpcFileDescriptor } from '../xpc/index.js';
import { type CreateBounds, type CreateRequest, createContainer } from './container-creation.js';
import type { ContainerEntry, ContainerExit, ContainerRun } from './container-entry.js';
import { filterFor } from './container-filter.js';
import { type ContainerHost, ContainerLifecycle } from './container-lifecycle.js';
import { type OpenLogs, openLogs } from './container-logs.js';
import { connectContainer, disconnectContainer } from './container-networks.js';
import { abandonRuntime, assertKnown, restoreContainers } from './container-restore.js';
import type { ImageRoots } from './image-roots.js';
import { assertReady } from './lifecycle-errors.js';
import type { RuntimeSession } from './runtime-session.js';
import type { Stdio } from './stdio.js';

/** How a container that is deleted by force, or with its server, is stopped. */
const SIGKILL_NOW: ContainerStopOptions = { timeoutInSeconds: 5, signal: 'SIGKILL' };

/** Names and number of SIGKILL, and the exit code of what it ends. */
const KILL = /^(?:(?:SIG)?KILL|9)$/i;
const KILLED = 137;

/** Keeps the containers of one server. Every id is checked wherever it comes in. */
export class ContainersService {
  readonly #host: ContainerHost & { readonly images: ImageRoots };
  readonly #lifecycle: ContainerLifecycle;

  constructor(host: ContainerHost & { readonly images: ImageRoots }) {
    this.#host = host;
    this.#lifecycle = new ContainerLifecycle(host);
  }

  /** Takes in what earlier servers left, and goes on with what still runs: see {@link restoreContainers}. */
  restore(signal: AbortSignal): Promise<{ readonly settled: Promise<void> }> {
    return restoreContainers(this.#host, this.#lifecycle, signal);
  }

  /** @throws LaunchportError, code `invalidArgument` on the wire, for a pattern that is none */
  list(filters?: ContainerListFilters): readonly ContainerSnapshot[] {
    const isWanted = filterFor(filters);
    return this.#host.table.entries
      .filter((entry) => entry.phase !== 'creating' && isWanted(entry))
      .map((entry) => entry.snapshot());
  }

  details(): readonly ContainerDetails[] {
    const { entries, broken } = this.#host.table;
    const all = [
      ...entries.filter(({ phase }) => phase !== 'creating').map((entry) => entry.details()),
      ...broken.map((each): ContainerDetails => ({ ...each, status: 'unknown', autoRemove: false })),
    ];
    return all.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** See {@link createContainer}. */
  create(request: CreateRequest, bounds: CreateBounds): Promise<void> {
    return createContainer(this.#host, request, bounds);
  }

  async bootstrap(
    id: string,
    stdio: Stdio,
    dynamicEnv: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void> {
    const entry = await this.#entry(id);
    assertKnown(entry);
    await this.#lifecycle.bootstrap(entry, stdio, dynamicEnv, signal);
  }

  async createProcess(
    id: string,
    process: string,
    config: ProcessConfiguration,
    stdio: Stdio,
  ): Promise<void> {
    const { routes } = await this.#session(id);
    await routes.call('createProcess', { id: process, processConfig: config, ...stdio });
  }

  async startProcess(id: string, process: string, signal?: AbortSignal): Promise<void> {
    const entry = await this.#entry(id);
    if (process === id) return this.#lifecycle.start(entry, signal);
    await entry.session().routes.call('start', { id: process }, { timeout: this.#host.timeouts.bootstrap });
  }

  /**
   * Waits for the end of a process. A container that has ended, and one that removed itself a moment ago, still tells
   * how its command ended.
   */
  async wait(id: string, process: string, signal?: AbortSignal): Promise<ContainerExit> {
    if (process !== id) {
      const { exitCode, exitedAt } = await (await this.#session(id)).wait(process, signal);
      return { code: exitCode, at: exitedAt };
    }
    const { table } = this.#host;
    const past = table.find(id) === undefined ? table.pastExit(id) : undefined;
    if (past !== undefined) return past;
    const entry = await this.#entry(id);
    if (entry.run !== undefined) return untilAborted(entry.run.ended, signal);
    if (entry.exit !== undefined) return entry.exit;
    throw never(entry);
  }

  /** Sends a signal. After SIGKILL of the command itself the container has stopped when this resolves. */
  async kill(id: string, process: string, signal: string): Promise<void> {
    const entry = await this.#entry(id);
    const { routes } = entry.session();
    const { run } = entry;
    await routes.call('kill', { id: process, signal }, { timeout: this.#host.timeouts.stop });
    if (process === id && KILL.test(signal) && run !== undefined)
      await this.#lifecycle.settled(entry, run, KILLED);
  }

  /** Stops a container; one that is stopped already is no error. */
  async stop(id: string, options: ContainerStopOptions): Promise<void> {
    const entry = await this.#entry(id);
    if (entry.run !== undefined) await this.#stop(entry, entry.run, options);
    else if (entry.status === 'unknown') await abandonRuntime(this.#host, this.#lifecycle, entry);
  }

  /** Deletes a container, one that runs only by force. */
  async delete(id: string, force: boolean): Promise<void> {
    const { table, store, events, instances, timeouts } = this.#host;
    const broken = table.findBroken(id);
    if (broken !== undefined) {
      await this.#lifecycle.exclusive(id, undefined, async () => {
        // Its runtime may run on: what cannot be read here was read there.
        const record = (await instances.records('container')).get(id);
        if (record !== undefined && !force)
          throw routeError(
            'invalidState',
            `container ${id} cannot be read, and its runtime is there: delete it by force`,
          );
        if (record !== undefined) await instances.deregister(record, { timeout: timeouts.launchd });
        await store.remove(broken.directory);
      });
      table.remove(id);
      events.emit({ kind: 'container removed', id });
      return;
    }
    const entry = await this.#entry(id);
    assertReady(entry);
    if (!force && (entry.status !== 'stopped' || entry.run !== undefined))
      throw routeError('invalidState', `container ${id} is ${entry.status} and can not be deleted`);
    if (entry.run !== undefined) await this.#stop(entry, entry.run, SIGKILL_NOW);
    await this.#lifecycle.exclusive(id, undefined, async () => {
      // It may have removed itself, and a new one may be there by now.
      if (table.find(id) !== entry) return;
      if (entry.run !== undefined)
        throw routeError('invalidState', `container ${id} is ${entry.status} and can not be deleted`);
      await this.#lifecycle.remove(entry);
    });
  }

  /** @throws RangeError never: sizes were checked by their schema */
  async resize(
    id: string,
    process: string,
    size: { readonly width: number; readonly height: number },
  ): Promise<void> {
    const { routes } = await this.#session(id);
    await routes.call('resize', { id: process, ...size });
  }

  /** A descriptor connected to a port in the container; the caller closes it. */
  async dial(id: string, port: number): Promise<XpcFileDescriptor> {
    const { routes } = await this.#session(id);
    return (await routes.call('dial', { port }, { timeout: this.#host.timeouts.start })).fd;
  }

  async stats(id: string): Promise<ContainerStats> {
    const { routes } = await this.#session(id);
    return (await routes.call('statistics')).statistics;
  }

  /** The processes in a container; not upstream's. */
  async processes(id: string): Promise<readonly ProcessInfo[]> {
    return (await this.#session(id)).processes();
  }

  /** The container's logs, as open files that the caller closes. */
  logs(id: string): Promise<OpenLogs> {
    return openLogs(this.#host.table.get(id));
  }

  async copyIn(
    id: string,
    copy: { sourcePath: string; destinationPath: string; fileMode: number; createParents: boolean },
  ): Promise<void> {
    const { routes } = await this.#running(id);
    await routes.call('copyIn', copy, { timeout: this.#host.timeouts.copy });
  }

  async copyOut(
    id: string,
    copy: { sourcePath: string; destinationPath: string; createParents: boolean },
  ): Promise<void> {
    const { routes } = await this.#running(id);
    await routes.call('copyOut', copy, { timeout: this.#host.timeouts.copy });
  }

  /** The directory of a container. */
  directory(id: string): string {
    return this.#host.table.get(id).directory;
  }

  /** See {@link connectContainer}. */
  async connect(id: string, attachment: AttachmentConfiguration): Promise<void> {
    await connectContainer(this.#host, this.#lifecycle, await this.#entry(id), attachment);
  }

  /** See {@link disconnectContainer}. */
  async disconnect(id: string, network: string): Promise<void> {
    await disconnectContainer(this.#host, this.#lifecycle, await this.#entry(id), network);
  }

  /** Stops everything that runs, side by side, each within `timeoutInSeconds`. Never rejects. */
  async stopAll(timeoutInSeconds: number): Promise<void> {
    const stopping = this.#host.table.entries.map(async (entry) => {
      const stop = async () => {
        if (entry.status === 'unknown') await abandonRuntime(this.#host, this.#lifecycle, entry);
        // It may have been found to run meanwhile.
        if (entry.run !== undefined) await this.#stop(entry, entry.run, { timeoutInSeconds });
      };
      await stop().catch((error: LaunchportError) => {
        this.#host.logger.error('container not stopped', { id: entry.id, error: error.message });
      });
    });
    await Promise.all(stopping);
  }

  async #stop(entry: ContainerEntry, run: ContainerRun, options: ContainerStopOptions): Promise<void> {
    const { timeouts, events, logger } = this.#host;
    const { session } = run;
    const signal = options.signal ?? entry.configuration.stopSignal;
    const stopOptions = { ...options, ...(signal === undefined ? {} : { signal }) };
    const timeout = Math.max(options.timeoutInSeconds, 0) * 1000 + timeouts.stop;
    const hasCommand = entry.status !== 'stopped';
    if (entry.status === 'running') {
      entry.status = 'stopping';
      events.emit({ kind: 'container stopping', id: entry.id });
    }
    try {
      await session.routes.call('stop', { stopOptions }, { timeout });
    } catch (error) {
      if (isLaunchportError(error, 'ERR_XPC_TIMEOUT')) {
        // A runtime that hangs takes its sandbox with it when it is booted out.
        logger.error('the runtime does not stop its container', { id: entry.id, timeout });
        await this.#lifecycle.end(entry, run, { code: KILLED, at: new Date() });
        return;
      }
      const isGone =
        isRouteError(error, 'interrupted') ||
        isLaunchportError(error, 'ERR_XPC_INTERRUPTED', 'ERR_XPC_INVALID', 'ERR_XPC_CANCELLED');
      if (!isGone) {
        if (entry.run === run && entry.status === 'stopping') entry.status = 'running';
        throw error;
      }
    }
    // A command that was never started has no end to tell of.
    if (hasCommand) await this.#lifecycle.settled(entry, run, undefined);
    else await this.#lifecycle.end(entry, run, undefined);
  }

  /** The container, once it is known whether it runs. */
  async #entry(id: string): Promise<ContainerEntry> {
    const entry = this.#host.table.get(id);
    await entry.restoring;
    return entry;
  }

  async #session(id: string): Promise<RuntimeSession> {
    return (await this.#entry(id)).session();
  }

  async #running(id: string): Promise<RuntimeSession> {
    const entry = await this.#entry(id);
    if (entry.status !== 'running') throw routeError('invalidState', `container ${id} is not running`);
    return entry.session();
  }
}

function never({ id }: ContainerEntry): LaunchportError {
  return routeError('invalidState', `container ${id} was never started`, {
    hint: `Start it: launchport start ${id}`,
  });
}
