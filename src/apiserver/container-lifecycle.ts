/** The life of a container's runtime: bootstrap, start, the wait for its end, and putting away what it leaves. */
import { errorText, type KeyedLock, LaunchportError, type Logger, settlesWithin } from '../base/index.js';
import { isRouteError, routeError } from '../routes/index.js';
import type { ContainerEntry, ContainerExit, ContainerRun } from './container-entry.js';
import type { ContainerStore } from './container-store.js';
import type { ContainerTable } from './container-table.js';
import type { EventFeed } from './event-feed.js';
import type { Instance } from './instances.js';
import { assertReady, unseen } from './lifecycle-errors.js';
import { problemOf } from './problem.js';
import { type RuntimeHost, RuntimeSession } from './runtime-session.js';
import { definedOnly, type Stdio } from './stdio.js';

/** What containers need to know of networks. */
export interface NetworkDirectory {
  /** The plugin of a network. @throws LaunchportError, code `notFound` on the wire */
  plugin(id: string): string;
  /** Resolves when the network's helper answers. @throws LaunchportError saying why it does not */
  ready(id: string, signal?: AbortSignal): Promise<void>;
}

/** What lifecycles work with. */
export interface ContainerHost extends RuntimeHost {
  readonly store: ContainerStore;
  readonly table: ContainerTable;
  readonly networks: NetworkDirectory;
  readonly events: EventFeed;
  readonly lock: KeyedLock;
  readonly logger: Logger;
}

/** Milliseconds in which the end of a command is told after its container was stopped, before it is taken for granted. */
const TELL_MS = 5_000;

/** Runs containers. One step at a time for each container, any number of containers side by side. */
export class ContainerLifecycle {
  readonly #host: ContainerHost;

  constructor(host: ContainerHost) {
    this.#host = host;
  }

  /**
   * Starts the runtime and has it prepare the sandbox; does nothing when that is done already. When a step fails the
   * runtime is booted out again.
   */
  bootstrap(
    entry: ContainerEntry,
    stdio: Stdio,
    dynamicEnv: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.exclusive(entry.id, signal, async () => {
      assertReady(entry);
      if (entry.run !== undefined) return;
      const { instances, networks, store, timeouts, events } = this.#host;
      const attachments = entry.configuration.networks;
      const infos = attachments.map(({ network }) => ({ plugin: networks.plugin(network) }));
      await Promise.all(attachments.map(({ network }) => networks.ready(network, signal)));
      await store.clearExit(entry.directory);
      const { runtimeHandler } = entry.configuration;
      const bounds = signal === undefined ? {} : { signal };
      const instance = await instances.register('container', runtimeHandler, entry.id, {
        timeout: timeouts.launchd,
        ...bounds,
      });
      try {
        const session = await RuntimeSession.open(this.#host, instance, signal);
        try {
          await session.routes.call(
            'bootstrap',
            { ...definedOnly(stdio), dynamicEnv: { ...dynamicEnv }, networkBootstrapInfos: infos },
            { timeout: timeouts.bootstrap, ...bounds },
          );
        } catch (error) {
          await session.close();
          throw error;
        }
        entry.problem = undefined;
        this.#begin(entry, session);
      } catch (error) {
        await this.#bootOut(entry, instance);
        throw error;
      }
      await this.#notePid(entry);
      events.emit({ kind: 'container bootstrapped', id: entry.id });
    });
  }

  /** Starts the command of a container that was bootstrapped; does nothing when it runs. */
  start(entry: ContainerEntry, signal?: AbortSignal): Promise<void> {
    return this.exclusive(entry.id, signal, async () => {
      if (entry.status === 'running') return;
      if (entry.status !== 'stopped')
        throw routeError('invalidState', `container ${entry.id} is ${entry.status} and can not be started`);
      const session = entry.session();
      const { timeouts } = this.#host;
      try {
        const bounds = { timeout: timeouts.bootstrap, ...(signal === undefined ? {} : { signal }) };
        await session.routes.call('start', { id: entry.id }, bounds);
        await this.markRunning(entry, new Date());
      } catch (error) {
        // Upstream leaves a sandbox without a command behind, which then cannot be started again.
        await this.#finish(entry, session, undefined);
        throw error;
      }
      this.#host.events.emit({ kind: 'container started', id: entry.id });
    });
  }

  /** The command runs: asks the runtime for its networks, and waits for its end in the background. */
  async markRunning(entry: ContainerEntry, startedAt: Date): Promise<void> {
    const session = entry.session();
    void this.#follow(entry, session);
    entry.status = 'running';
    entry.startedAt = startedAt;
    entry.exit = undefined;
    await this.#save(entry);
    // The command runs, whether or not the runtime can tell of its networks now.
    try {
      const { snapshot } = await session.routes.call('state');
      if (entry.run?.session === session) entry.networks = snapshot.networks;
    } catch (error) {
      this.#host.logger.warn("cannot ask for a container's networks", {
        id: entry.id,
        error: errorText(error),
      });
    }
  }

  /** Takes a runtime over that was there before this server. */
  async adopt(entry: ContainerEntry, session: RuntimeSession): Promise<void> {
    this.#begin(entry, session);
    await this.#notePid(entry);
  }

  /** Puts away what a run leaves, unless that has been done. Resolves to how it ended, if it is known. */
  end(entry: ContainerEntry, run: ContainerRun, exit: ContainerExit | undefined): Promise<void> {
    return this.exclusive(entry.id, undefined, () => this.#finish(entry, run.session, exit));
  }

  /**
   * Resolves when the run has ended. When nobody tells the end of the command within some seconds after its container
   * was stopped, it is taken for granted, with `code`.
   */
  async settled(entry: ContainerEntry, run: ContainerRun, code: number | undefined): Promise<void> {
    if (await settlesWithin(TELL_MS, run.ended)) return;
    await this.end(entry, run, { at: new Date(), ...(code === undefined ? {} : { code }) });
  }

  /** Removes a container's files, and its job if it still has one. The caller has the lock. */
  async remove(entry: ContainerEntry): Promise<void> {
    const { table, store, instances, events, logger } = this.#host;
    entry.phase = 'removing';
    try {
      const record = (await instances.records('container')).get(entry.id);
      if (record !== undefined) await instances.deregister(record, { timeout: this.#host.timeouts.launchd });
      await store.remove(entry.directory);
    } catch (error) {
      entry.phase = 'ready';
      entry.problem = problemOf(error);
      throw error;
    }
    table.remove(entry.id);
    logger.info('container removed', { id: entry.id });
    events.emit({ kind: 'container removed', id: entry.id });
  }

  /** Runs `work` when earlier work on the container has ended. */
  exclusive<T>(id: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const { lock, timeouts } = this.#host;
    const timeout = timeouts.bootstrap + timeouts.start + timeouts.stop;
    const late = () => new LaunchportError('ERR_TIMEOUT', `container ${id}: earlier work on it did not end`);
    return lock.run(id, { timeout, signal }, late, work);
  }

  #begin(entry: ContainerEntry, session: RuntimeSession): void {
    let end: (exit: ContainerExit) => void = () => {};
    const ended = new Promise<ContainerExit>((resolve) => {
      end = resolve;
    });
    const run: ContainerRun = { session, ended, end, isEnding: false };
    entry.run = run;
    // Whatever was asked of a runtime that is gone has failed by itself; this is for when nothing was.
    void session.lost.then(() => this.#lost(entry, run));
  }

  /** Waits for the end of the command. */
  async #follow(entry: ContainerEntry, session: RuntimeSession): Promise<void> {
    const { run } = entry;
    try {
      const { exitCode, exitedAt } = await session.wait(entry.id);
      if (run !== undefined) await this.end(entry, run, { code: exitCode, at: exitedAt });
    } catch (error) {
      // A lost connection is told by itself. Anything else means that the runtime cannot tell.
      this.#host.logger.warn('cannot wait for a container', { id: entry.id, error: errorText(error) });
      if (run !== undefined && !session.client.connection.isClosed) await this.#lost(entry, run);
    }
  }

  /** The runtime went away. What it wrote last is believed. */
  async #lost(entry: ContainerEntry, run: ContainerRun): Promise<void> {
    if (entry.run !== run) return;
    const { store, logger } = this.#host;
    try {
      const exit = await store.readExit(entry.directory);
      if (exit === undefined) entry.problem = problemOf(unseen(entry));
      await this.end(entry, run, exit ?? { at: new Date() });
    } catch (error) {
      logger.error('cannot put away a container', { id: entry.id, error: errorText(error) });
    }
  }

  /** The caller has the lock. */
  async #finish(
    entry: ContainerEntry,
    session: RuntimeSession,
    told: ContainerExit | undefined,
  ): Promise<void> {
    const { run } = entry;
    if (run === undefined || run.session !== session) return;
    run.isEnding = true;
    const { logger, events, timeouts } = this.#host;
    if (!session.client.connection.isClosed) {
      await session.routes.call('shutdown', {}, { timeout: timeouts.call }).catch((error: unknown) => {
        const level = isRouteError(error, 'invalidState') ? 'debug' : 'warn';
        logger[level]('the runtime does not shut down', { id: entry.id, error: errorText(error) });
      });
    }
    await session.close();
    await this.#bootOut(entry, session.instance);
    entry.run = undefined;
    const wasStarted = entry.status !== 'stopped';
    // Whoever ended it may not have waited to be told; the runtime has written it down.
    const exit = wasStarted && told?.code === undefined ? ((await this.#left(entry)) ?? told) : told;
    entry.status = 'stopped';
    entry.networks = [];
    entry.pid = undefined;
    if (wasStarted) entry.exit = exit ?? { at: new Date() };
    await this.#save(entry);
    logger.info('container ended', {
      id: entry.id,
      ...(exit?.code === undefined ? {} : { code: exit.code }),
    });
    const code = exit?.code === undefined ? {} : { code: exit.code };
    events.emit({ kind: 'container exited', id: entry.id, ...code });
    if (entry.autoRemove) {
      await this.remove(entry).catch((error: unknown) => {
        logger.error('container not removed', { id: entry.id, error: errorText(error) });
      });
    }
    run.end(exit ?? { at: new Date() });
  }

  #left(entry: ContainerEntry): Promise<ContainerExit | undefined> {
    return this.#host.store.readExit(entry.directory).catch(() => undefined);
  }

  async #bootOut(entry: ContainerEntry, instance: Instance): Promise<void> {
    const { instances, timeouts, logger } = this.#host;
    await instances.deregister(instance.subject, { timeout: timeouts.launchd }).catch((error: unknown) => {
      entry.problem = problemOf(error);
      logger.error('runtime not booted out', { id: entry.id, error: errorText(error) });
    });
  }

  async #notePid(entry: ContainerEntry): Promise<void> {
    const instance = entry.run?.session.instance;
    if (instance === undefined) return;
    const { instances, timeouts } = this.#host;
    const job = await instances.status(instance, { timeout: timeouts.call }).catch(() => undefined);
    entry.pid = job?.pid;
  }

  /** A disk that is full costs what would have been remembered, and no more. */
  async #save(entry: ContainerEntry): Promise<void> {
    await this.#host.store.writeState(entry).catch((error: unknown) => {
      this.#host.logger.error('cannot store the state of a container', {
        id: entry.id,
        error: errorText(error),
      });
    });
  }
}
