/** The whole API server: plugins, containers and networks behind one Mach service, and what it goes on with at boot. */
import { join } from 'node:path';
import { errorText, KeyedLock, LaunchportError, type WaitOptions, withDeadline } from '../base/index.js';
import { ApiServer, type ApiServerOptions, type BootReport, type PluginHost } from '../harness/index.js';
import { addContainerRoutes } from './container-routes.js';
import { ContainerStore } from './container-store.js';
import { ContainerTable } from './container-table.js';
import { ContainersService } from './containers-service.js';
import { EventFeed } from './event-feed.js';
import { type ImageRoots, storedImages } from './image-roots.js';
import { Instances } from './instances.js';
import { NetworkStore } from './network-store.js';
import { NetworksService } from './networks-service.js';
import { addNetworkRoutes, addServerRoutes } from './server-routes.js';
import { DEFAULT_TIMEOUTS, type Timeouts } from './timeouts.js';

/** How an API server is set up; everything has a default. */
export interface StartOptions extends Pick<ApiServerOptions, 'identity'> {
  /** Plugin of the default network; false for none. Default upstream's, or else `bridge`, if it is there. */
  readonly defaultNetworkPlugin?: string | false;
  /** Where images are; default `<app root>/images`. */
  readonly images?: ImageRoots;
  readonly timeouts?: Partial<Timeouts>;
  /** Ends what is going on at boot. */
  readonly signal?: AbortSignal;
}

/** Seconds that a container gets to end when its server is stopped, as upstream. */
const STOP_SECONDS = 5;

/** Milliseconds for everything to stop when nothing else is said. */
const STOP_MS = 30_000;

/** A running API server with its containers and networks. */
export class RunningApiServer implements AsyncDisposable {
  readonly server: ApiServer;
  readonly containers: ContainersService;
  readonly networks: NetworksService;
  readonly events: EventFeed;
  /** Settles when everything of earlier servers has been looked after; never rejects. */
  readonly restored: Promise<void>;
  /** How the boot of plugins went; rejects when plugins could not be looked for, or with ERR_ABORTED. */
  readonly booted: Promise<BootReport>;
  readonly #host: PluginHost;
  readonly #boot: AbortController;
  #stopped: Promise<void> | undefined;

  /** For {@link startApiServer}. */
  constructor(host: PluginHost, server: ApiServer, options: StartOptions) {
    this.#host = host;
    this.server = server;
    this.#boot = new AbortController();
    const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    const { logger, roots, transport } = host;
    const instances = new Instances(host);
    const table = new ContainerTable();
    this.events = new EventFeed();
    const shared = { instances, timeouts, logger, events: this.events };
    const { defaultNetworkPlugin: defaultPlugin } = options;
    this.networks = new NetworksService({
      ...shared,
      store: new NetworkStore(roots),
      usersOf: (network) => table.usersOf(network),
      ...(defaultPlugin === undefined ? {} : { defaultPlugin }),
    });
    this.containers = new ContainersService({
      ...shared,
      transport,
      table,
      store: new ContainerStore(roots, logger),
      networks: this.networks,
      lock: new KeyedLock(),
      images: options.images ?? storedImages(join(roots.app, 'images'), logger),
    });
    const startedAt = new Date();
    let report: BootReport | undefined;
    let isRestoring = true;
    const signal =
      options.signal === undefined ? this.#boot.signal : AbortSignal.any([options.signal, this.#boot.signal]);
    // Side by side: none waits for another, and the listener for none of them.
    this.booted = host.harness.boot({ signal }).then((booted) => {
      report = booted;
      return booted;
    });
    this.booted.catch(() => {});
    const loaded = this.#load(signal);
    this.restored = loaded
      .then(({ settled }) => settled)
      .finally(() => {
        isRestoring = false;
      });
    addContainerRoutes(server.routes, this.containers, loaded);
    addNetworkRoutes(server.routes, this.networks, loaded);
    const parts = {
      containers: this.containers,
      networks: this.networks,
      events: this.events,
      startedAt,
      isRestoring: () => isRestoring,
      bootReport: () => report,
    };
    addServerRoutes(server.routes, parts, loaded);
  }

  /** As {@link ApiServer.closed}. */
  get closed(): Promise<LaunchportError | undefined> {
    return this.server.closed;
  }

  /**
   * Takes no more requests, stops all containers, each within five seconds, and boots their runtimes and the helpers of
   * networks out; at most `timeout` milliseconds, default 30 000. The host's plugins stay as they are.
   */
  stop(options: WaitOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop({ timeout = STOP_MS, signal }: WaitOptions): Promise<void> {
    this.#boot.abort(new Error('the server is stopping'));
    const seconds = Math.max(0, Math.min(STOP_SECONDS, Math.floor(timeout / 2000)));
    const late = () => new LaunchportError('ERR_TIMEOUT', `not done after ${timeout} ms`);
    await withDeadline('stopping containers', { timeout, signal }, late, async () => {
      await this.restored;
      await this.containers.stopAll(seconds);
      await this.networks.stop();
    }).catch((error: unknown) => {
      this.#host.logger.warn('stopping with containers left', { reason: errorText(error) });
    });
    this.events.end();
    await this.server.stop(signal === undefined ? {} : { signal });
  }

  /** Reads what earlier servers left; resolves, always, to the promise of what goes on after that. */
  async #load(signal: AbortSignal): Promise<{ readonly settled: Promise<void> }> {
    const report = (what: string) => (error: unknown) => {
      if (!signal.aborted) this.#host.logger.error(`${what} not restored`, { error: errorText(error) });
    };
    const [networks, containers] = await Promise.all([
      this.networks.restore(signal).catch(report('networks')),
      this.containers.restore(signal).catch(report('containers')),
    ]);
    const settled = Promise.all([
      networks?.settled.catch(report('networks')),
      containers?.settled.catch(report('containers')),
    ]);
    return { settled: settled.then(() => {}) };
  }
}

/**
 * Starts the API server of a host. It answers from the first moment on: plugins, networks and containers are looked
 * after in the background, side by side, each within its own deadlines, and none of them can end the server.
 * @throws LaunchportError ERR_LAUNCHD_SERVICE_TAKEN when another server has the name
 */
export async function startApiServer(
  host: PluginHost,
  options: StartOptions = {},
): Promise<RunningApiServer> {
  const { identity } = options;
  const server = await ApiServer.start({
    ...hostOptions(host),
    ...(identity === undefined ? {} : { identity }),
  });
  return new RunningApiServer(host, server, options);
}

function hostOptions(host: PluginHost): ApiServerOptions {
  const { harness, roots, supervisor, transport, prefix, logger } = host;
  return { harness, roots, supervisor, transport, prefix, logger };
}
