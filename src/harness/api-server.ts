/** The API server: lets other processes load, list, inspect, restart and unload plugins. */
import { pathToFileURL } from 'node:url';
import {
  errorText,
  isLaunchportError,
  type LaunchportError,
  type Logger,
  packageManifest,
  type WaitOptions,
} from '../base/index.js';
import { ping, pluginGet, pluginList, pluginLoad, pluginRestart, pluginUnload } from '../compat/index.js';
import type { Plugin, Roots } from '../plugin/index.js';
import { RouteServer, routeError } from '../routes/index.js';
import type { Supervisor } from '../supervisor/index.js';
import { type XpcListener, XpcTransport } from '../xpc/index.js';
import type { PluginHarness } from './plugin-harness.js';
import { toPluginJson } from './plugin-json.js';
import { apiServerName, pluginStatus } from './plugin-routes.js';

/** What `ping` tells about the server. */
export interface ApiServerIdentity {
  /** One line of text, e.g. `launchport 0.1.0`. */
  readonly version: string;
  readonly commit?: string;
  readonly build?: string;
  readonly appName?: string;
}

/** What an API server works with. */
export interface ApiServerOptions {
  readonly harness: PluginHarness;
  readonly roots: Pick<Roots, 'app' | 'install' | 'log'>;
  /** Default: this package and its version. */
  readonly identity?: ApiServerIdentity;
  /** Where there is no launchd: the supervisor that holds the service's name for this process. */
  readonly supervisor?: Pick<Supervisor, 'checkIn' | 'release'> | undefined;
  /** Default the process's own. */
  readonly transport?: XpcTransport;
  /** Default `com.apple.container.`. */
  readonly prefix?: string | undefined;
  readonly logger?: Logger;
}

/** A running API server. */
export class ApiServer implements AsyncDisposable {
  /** Its Mach service. */
  readonly service: string;
  /** Its routes; a host adds its own before or after the start. */
  readonly routes: RouteServer;
  readonly #listener: XpcListener;
  readonly #supervisor: ApiServerOptions['supervisor'];
  #stopped: Promise<void> | undefined;

  private constructor(options: ApiServerOptions, routes: RouteServer) {
    const transport = options.transport ?? XpcTransport.default();
    this.service = apiServerName(options.prefix);
    this.routes = routes;
    this.#supervisor = options.supervisor;
    const descriptor = options.supervisor?.checkIn(this.service);
    try {
      this.#listener = transport.listen(this.service, routes.accept, {
        ...routes.listenOptions,
        ...(descriptor === undefined ? {} : { descriptor }),
      });
    } catch (error) {
      options.supervisor?.release(this.service);
      throw error;
    }
  }

  /**
   * Starts to serve. It may be started before the harness boots: then no client waits for a slow plugin.
   * @throws LaunchportError ERR_LAUNCHD_SERVICE_TAKEN when another server has the name
   */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const { logger, transport } = options;
    const routes = new RouteServer({
      ...(logger === undefined ? {} : { logger }),
      ...(transport === undefined ? {} : { transport }),
    });
    addPluginRoutes(routes, options.harness);
    addPing(routes, options, options.identity ?? ownIdentity());
    return new ApiServer(options, routes);
  }

  /** Settles when the server no longer listens: with the reason when it failed, with undefined after `stop`. */
  get closed(): Promise<LaunchportError | undefined> {
    return this.#listener.closed;
  }

  /** Lets running requests end (default 10 s), then stops listening and frees the name. Plugins stay as they are. */
  stop(options: WaitOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  async #stop(options: WaitOptions): Promise<void> {
    this.#listener.suspend();
    await this.routes.close(options);
    this.#listener.cancel();
    await this.#listener.closed;
    this.#supervisor?.release(this.service);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Serves the plugin routes from a harness, with upstream's messages and codes. */
export function addPluginRoutes(routes: RouteServer, harness: PluginHarness): void {
  routes
    .handle(pluginLoad, async ({ pluginName }, { signal }) => {
      await harness.load(pluginName, { signal }).catch((error: unknown) => {
        throw asUpstream(pluginName, error);
      });
    })
    .handle(pluginGet, ({ pluginName }) => ({ plugin: toPluginJson(loaded(harness, pluginName)) }))
    .handle(pluginList, () => ({ plugins: harness.list().map(toPluginJson) }))
    .handle(pluginStatus, async ({ pluginName }, { signal }) => {
      loaded(harness, pluginName);
      return { status: await harness.status(pluginName, { signal }) };
    })
    .handle(pluginRestart, async ({ pluginName }, { signal }) => {
      loaded(harness, pluginName);
      await harness.restart(pluginName, { signal });
    })
    .handle(pluginUnload, async ({ pluginName }, { signal }) => {
      loaded(harness, pluginName);
      await harness.unload(pluginName, { signal });
    });
}

/** The identity of this package. */
function ownIdentity(): ApiServerIdentity {
  const { name, version } = packageManifest();
  return { version: `${name} ${version}`, appName: name };
}

function addPing(routes: RouteServer, { roots }: ApiServerOptions, identity: ApiServerIdentity): void {
  routes.handle(ping, () => ({
    appRoot: pathToFileURL(roots.app).href,
    installRoot: pathToFileURL(roots.install).href,
    logRoot: roots.log,
    apiServerVersion: identity.version,
    apiServerCommit: identity.commit ?? 'unspecified',
    apiServerBuild: identity.build ?? 'release',
    apiServerAppName: identity.appName ?? 'launchport',
  }));
}

function loaded(harness: PluginHarness, name: string): Plugin {
  try {
    return harness.get(name);
  } catch (error) {
    throw asUpstream(name, error);
  }
}

/** Upstream has one code and two messages for all that is not there; ours goes along as hint or cause. */
function asUpstream(name: string, error: unknown): unknown {
  if (!isLaunchportError(error)) return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  switch (error.code) {
    case 'ERR_PLUGIN_NOT_FOUND':
      return routeError('unknown', `plugin not found: ${name}`, hint);
    case 'ERR_PLUGIN_NOT_LOADED':
      return routeError('unknown', `plugin not loaded: ${name}`, hint);
    case 'ERR_PLUGIN_CONFIG':
    case 'ERR_PLUGIN_BINARY':
    case 'ERR_PLUGIN_DIRECTORY':
      // A broken plugin counts as absent upstream; what is broken is said after the words it uses.
      return routeError('unknown', `plugin not found: ${name}`, { ...hint, cause: errorText(error) });
    default:
      return error;
  }
}
