/** Client of the API server: typed plugin calls, and a clear error when no server runs. */
import { fileURLToPath } from 'node:url';
import { isLaunchportError, LaunchportError, type WaitOptions } from '../base/index.js';
import {
  ContainersClient,
  fromPluginJson,
  NetworksClient,
  ping,
  pluginGet,
  pluginList,
  pluginLoad,
  pluginRestart,
  pluginUnload,
  type RemotePlugin,
} from '../compat/index.js';
import type { JobStatus } from '../launchd/index.js';
import {
  type CallArguments,
  type Route,
  RouteClient,
  type RouteStream,
  type StreamOptions,
  type StreamRoute,
  type WireObject,
  type WireShape,
} from '../routes/index.js';
import { type XpcDictionary, XpcTransport } from '../xpc/index.js';
import { apiServerName, pluginStatus } from './plugin-routes.js';
import { type ServerHealth, serverProtocol } from './server-routes.js';

/** How to reach the server. */
export interface ApiClientOptions {
  /** Default the process's own. */
  readonly transport?: XpcTransport;
  /** Bootstrap directory; default the environment's. */
  readonly bootstrap?: string;
  /** Default `com.apple.container.`. */
  readonly prefix?: string;
  /** Milliseconds per call, default 60 000. */
  readonly timeout?: number;
}

/** What the server says of itself. */
export interface ApiServerInfo {
  readonly appRoot: string;
  readonly installRoot: string;
  readonly logRoot?: string;
  readonly version: string;
  readonly commit: string;
  readonly build: string;
  readonly appName: string;
}

/**
 * Talks to the API server. Connects at the first call, and anew after a server that went away. All calls throw
 * LaunchportError: ERR_SERVER_NOT_RUNNING, ERR_REMOTE, ERR_XPC_TIMEOUT, ERR_XPC_INTERRUPTED, ERR_ABORTED.
 */
export class ApiClient implements AsyncDisposable {
  /** The server's Mach service. */
  readonly service: string;
  /** Its containers. */
  readonly containers: ContainersClient;
  /** Its networks. */
  readonly networks: NetworksClient;
  readonly #options: ApiClientOptions;
  #client: RouteClient | undefined;

  constructor(options: ApiClientOptions = {}) {
    this.service = apiServerName(options.prefix);
    this.#options = options;
    this.containers = new ContainersClient(this);
    this.networks = new NetworksClient(this);
  }

  /** A client over a given transport; nothing is sent before the first call. */
  static connect(transport: XpcTransport, options: Omit<ApiClientOptions, 'transport'> = {}): ApiClient {
    return new ApiClient({ ...options, transport });
  }

  /** Asks whether the server lives. */
  async ping(options?: WaitOptions): Promise<ApiServerInfo> {
    const reply = await this.call(ping, {}, options);
    return {
      appRoot: pathOf(reply.appRoot),
      installRoot: pathOf(reply.installRoot),
      ...(reply.logRoot === undefined ? {} : { logRoot: reply.logRoot }),
      version: reply.apiServerVersion,
      commit: reply.apiServerCommit,
      build: reply.apiServerBuild,
      appName: reply.apiServerAppName,
    };
  }

  /** Finds a plugin on disk and loads it; nothing happens when it is loaded. @throws ERR_PLUGIN_NOT_FOUND too */
  async pluginLoad(pluginName: string, options?: WaitOptions): Promise<void> {
    await this.#named(pluginLoad, pluginName, options);
  }

  /** Describes a loaded plugin. @throws ERR_PLUGIN_NOT_LOADED too */
  async pluginGet(pluginName: string, options?: WaitOptions): Promise<RemotePlugin> {
    return fromPluginJson((await this.#named(pluginGet, pluginName, options)).plugin);
  }

  /** Describes all loaded plugins, sorted by name. */
  async pluginList(options?: WaitOptions): Promise<readonly RemotePlugin[]> {
    const { plugins } = await this.call(pluginList, {}, options);
    return plugins.map(fromPluginJson).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * The job of a loaded plugin; undefined for a CLI plugin. Not a route of upstream's server: there it is ERR_REMOTE.
   * @throws ERR_PLUGIN_NOT_LOADED too
   */
  async pluginStatus(pluginName: string, options?: WaitOptions): Promise<JobStatus | undefined> {
    const { status } = await this.#named(pluginStatus, pluginName, options);
    return status;
  }

  /** Restarts a loaded plugin. @throws ERR_PLUGIN_NOT_LOADED too */
  async pluginRestart(pluginName: string, options?: WaitOptions): Promise<void> {
    await this.#named(pluginRestart, pluginName, options);
  }

  /** Unloads a plugin. @throws ERR_PLUGIN_NOT_LOADED too */
  async pluginUnload(pluginName: string, options?: WaitOptions): Promise<void> {
    await this.#named(pluginUnload, pluginName, options);
  }

  /** How the server and all it keeps fare. Not a route of upstream's server: there it is ERR_REMOTE. */
  async health(options?: WaitOptions): Promise<ServerHealth> {
    return (await this.call(serverProtocol.routes.health, {}, options)).health;
  }

  /** Calls any typed route of the server. */
  call<Req extends WireShape, Rep extends WireShape>(
    route: Route<Req, Rep>,
    ...args: CallArguments<Req>
  ): Promise<WireObject<Rep>> {
    return this.#through((client) => client.call(route, ...args));
  }

  /** Calls any route of the server by name, with any keys. */
  callRaw(route: string, body?: XpcDictionary, options?: WaitOptions): Promise<XpcDictionary> {
    return this.#through((client) => client.callRaw(route, body, options));
  }

  /** Reads any stream of the server. Its end, and a server that is not there, are errors of the loop. */
  stream<Req extends WireShape, Item extends WireShape, Rep extends WireShape>(
    route: StreamRoute<Req, Item, Rep>,
    ...args: CallArguments<Req, StreamOptions>
  ): RouteStream<WireObject<Item>, WireObject<Rep>> {
    return this.#connect().stream(route, ...args);
  }

  /** Ends the connection; the next call makes a new one. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #named<Rep extends WireShape>(
    route: Route<typeof pluginLoad.request, Rep>,
    pluginName: string,
    options: WaitOptions | undefined,
  ): Promise<WireObject<Rep>> {
    try {
      return await this.call(route, { pluginName }, options);
    } catch (error) {
      throw asPluginError(pluginName, error);
    }
  }

  async #through<T>(work: (client: RouteClient) => Promise<T>): Promise<T> {
    const client = this.#connect();
    try {
      return await work(client);
    } catch (error) {
      if (!isLaunchportError(error, 'ERR_XPC_INVALID')) throw error;
      if (this.#client === client) this.#client = undefined;
      throw new LaunchportError('ERR_SERVER_NOT_RUNNING', `no API server at ${this.service}`, {
        hint: 'Start it: launchport system start.',
        details: { service: this.service },
        cause: error,
      });
    }
  }

  #connect(): RouteClient {
    if (this.#client !== undefined && !this.#client.connection.isClosed) return this.#client;
    const { bootstrap, timeout } = this.#options;
    const transport = this.#options.transport ?? XpcTransport.default();
    this.#client = RouteClient.connect(transport, this.service, {
      connect: bootstrap === undefined ? {} : { bootstrap },
      ...(timeout === undefined ? {} : { timeout }),
    });
    return this.#client;
  }
}

/** Upstream's two messages about plugins that are not there, which have no code of their own, as ours. */
function asPluginError(name: string, error: unknown): unknown {
  if (!isLaunchportError(error, 'ERR_REMOTE')) return error;
  const { code, message } = error.details;
  if (code !== 'unknown' || typeof message !== 'string') return error;
  const rebuilt = (['ERR_PLUGIN_NOT_FOUND', 'ERR_PLUGIN_NOT_LOADED'] as const).find((candidate) =>
    message.startsWith(`plugin not ${candidate === 'ERR_PLUGIN_NOT_FOUND' ? 'found' : 'loaded'}: ${name}`),
  );
  if (rebuilt === undefined) return error;
  return new LaunchportError(rebuilt, error.message.slice(error.message.indexOf('plugin not')), {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: { ...error.details, name },
    cause: error,
  });
}

/** The path of a file URL; anything else as it came, for it is the peer's text. */
function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
