/** The lifecycle of plugins in a host: boot, load, get, list, restart, unload, and connections to them. */
import {
  abortedError,
  errorText,
  isLaunchportError,
  KeyedLock,
  type Logger,
  silentLogger,
  type WaitOptions,
  withDeadline,
} from '../base/index.js';
import type { JobStatus, LaunchControl } from '../launchd/index.js';
import type {
  Plugin,
  PluginCatalog,
  PluginRegistrar,
  RegisterOptions,
  Registration,
  ServiceType,
} from '../plugin/index.js';
import { RouteClient } from '../routes/index.js';
import { XpcTransport } from '../xpc/index.js';
import { type BootReport, bootAll } from './boot.js';
import { guardFirstCall } from './first-call.js';
import { isCommand, lateError, noService, notFound, notLoaded, serviceOf } from './plugin-lookup.js';

/** What a harness works with. */
export interface PluginHarnessOptions {
  readonly catalog: Pick<PluginCatalog, 'scan' | 'find'>;
  readonly registrar: Pick<PluginRegistrar, 'register' | 'deregister' | 'restart'>;
  /** Watches a plugin during the first call to it. */
  readonly control: Pick<LaunchControl, 'print'>;
  /** Carries the connections; default the process's own, made at the first {@link PluginHarness.connect}. */
  readonly transport?: XpcTransport;
  /** Bootstrap directory to connect in; a host with a supervisor gives the supervisor's. */
  readonly bootstrap?: string;
  /** Whether other hosts load jobs there too: `stop` then leaves what was loaded already. Default false. */
  readonly isShared?: boolean;
  readonly logger?: Logger;
}

/** How an instance is registered: as the registrar takes it, but for the instance itself. */
export type RegisterInstanceOptions = Omit<RegisterOptions, 'instance'>;

/** Whom to connect to. */
export interface PluginConnectOptions {
  /** Which of the plugin's services; may be left out when it has one. */
  readonly type?: ServiceType;
  /** Which instance, registered with {@link PluginHarness.register}; none for a loaded plugin itself. */
  readonly instance?: string;
  /** Milliseconds per call, default 60 000. */
  readonly timeout?: number;
}

interface Loaded {
  readonly plugin: Plugin;
  /** Absent for a CLI plugin, which has nothing to register. */
  readonly registration?: Registration;
}

/** Milliseconds one registration may take when nothing else is said. */
const DEFAULT_TIMEOUT = 30_000;

/** Keeps the plugins of one host. Methods on the same plugin run one after another. */
export class PluginHarness {
  readonly #options: PluginHarnessOptions;
  readonly #logger: Logger;
  readonly #loaded = new Map<string, Loaded>();
  readonly #instances = new Map<string, Registration>();
  readonly #clients = new Set<RouteClient>();
  readonly #lock = new KeyedLock();
  readonly #stopping = new AbortController();

  constructor(options: PluginHarnessOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /**
   * Registers every plugin with `loadAtBoot`. Each has `timeout` milliseconds (default 30 000); one that fails or
   * hangs is in the report and does not hold up the others.
   * @throws LaunchportError when discovery itself fails, or ERR_ABORTED
   */
  async boot(options: WaitOptions = {}): Promise<BootReport> {
    const scan = await this.#options.catalog.scan(
      options.signal === undefined ? {} : { signal: options.signal },
    );
    const plugins = scan.plugins.filter((plugin) => plugin.config.servicesConfig?.loadAtBoot === true);
    const results = await bootAll(plugins, (plugin) =>
      this.#exclusive(plugin.name, options, async (bounds) => {
        if (!this.#loaded.has(plugin.name)) await this.#register(plugin, bounds);
      }),
    );
    for (const { name, error } of results) {
      if (error === undefined) this.#logger.info('plugin loaded', { plugin: name });
      else this.#logger.error('plugin not loaded', { plugin: name, error: error.toJSON() });
    }
    return { results, diagnostics: scan.diagnostics };
  }

  /**
   * Finds a plugin on disk and registers it. Does nothing when it is loaded.
   * @throws LaunchportError ERR_PLUGIN_NOT_FOUND (also for a name that none can have), ERR_PLUGIN_CONFIG, or what
   *   registration throws
   */
  load(name: string, options: WaitOptions = {}): Promise<Plugin> {
    return this.#exclusive(name, options, async (bounds) => {
      const loaded = this.#loaded.get(name);
      if (loaded !== undefined) return loaded.plugin;
      const plugin = await this.#lookUp(name, bounds).catch((error: unknown) => {
        throw isLaunchportError(error, 'ERR_PLUGIN_NAME') ? notFound(name, error) : error;
      });
      await this.#register(plugin, bounds);
      return plugin;
    });
  }

  /** A loaded plugin. @throws LaunchportError ERR_PLUGIN_NOT_LOADED */
  get(name: string): Plugin {
    return this.#find(name).plugin;
  }

  /**
   * The job of a loaded plugin, as launchd sees it; undefined for a CLI plugin, which has none.
   * @throws LaunchportError ERR_PLUGIN_NOT_LOADED, or what launchd says
   */
  async status(name: string, options: WaitOptions = {}): Promise<JobStatus | undefined> {
    const { registration } = this.#find(name);
    return registration && this.#options.control.print(registration.target, options);
  }

  /** The loaded plugins by name; instances of runtime and network plugins are not among them. */
  list(): readonly Plugin[] {
    return [...this.#loaded.values()].map(({ plugin }) => plugin).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Ends a loaded plugin and starts it again.
   * @throws LaunchportError ERR_PLUGIN_NOT_LOADED, ERR_UNSUPPORTED for a CLI plugin, or what launchd says
   */
  restart(name: string, options: WaitOptions = {}): Promise<void> {
    return this.#exclusive(name, options, async (bounds) => {
      const { registration } = this.#find(name);
      if (registration === undefined) throw isCommand(name, 'there is nothing to restart');
      await this.#options.registrar.restart(registration, bounds);
    });
  }

  /**
   * Boots a loaded plugin out and forgets it. One that cannot be booted out stays loaded.
   * @throws LaunchportError ERR_PLUGIN_NOT_LOADED, or what launchd says
   */
  unload(name: string, options: WaitOptions = {}): Promise<void> {
    return this.#exclusive(name, options, async (bounds) => {
      const { registration } = this.#find(name);
      if (registration !== undefined) await this.#options.registrar.deregister(registration, bounds);
      this.#loaded.delete(name);
    });
  }

  /**
   * Registers an instance of a plugin: the runtime of a container, or a network. It is started on demand.
   * @throws LaunchportError ERR_PLUGIN_NOT_FOUND, ERR_UNSUPPORTED for a CLI plugin, or what registration throws
   */
  register(name: string, instance: string, options: RegisterInstanceOptions = {}): Promise<Registration> {
    return this.#exclusive(name, options, async (bounds) => {
      const plugin = this.#loaded.get(name)?.plugin ?? (await this.#lookUp(name, bounds));
      const registration = await this.#options.registrar.register(plugin, {
        ...options,
        ...bounds,
        instance,
      });
      if (registration === undefined) throw isCommand(name, 'it has no instances');
      this.#instances.set(instanceKey(name, instance), registration);
      return registration;
    });
  }

  /** Boots an instance out. @throws LaunchportError ERR_PLUGIN_NOT_LOADED, or what launchd says */
  deregister(name: string, instance: string, options: WaitOptions = {}): Promise<void> {
    return this.#exclusive(name, options, async (bounds) => {
      await this.#options.registrar.deregister(this.#registration(name, instance), bounds);
      this.#instances.delete(instanceKey(name, instance));
    });
  }

  /**
   * Connects to a plugin's Mach service; nothing is started before the first call. While that call is pending the job
   * is watched: one that ends before it takes its connection fails the call with ERR_PLUGIN_EXITED.
   * @throws LaunchportError ERR_PLUGIN_NOT_LOADED, or ERR_USAGE when the plugin does not have the service asked for
   */
  connect(name: string, options: PluginConnectOptions = {}): RouteClient {
    const registration = this.#registration(name, options.instance);
    const { control, bootstrap } = this.#options;
    const transport = this.#options.transport ?? XpcTransport.default();
    const job = { control, target: registration.target, name };
    const client = RouteClient.connect(transport, serviceOf(registration, options.type), {
      connect: { isLazy: true, ...(bootstrap === undefined ? {} : { bootstrap }) },
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      guard: (send, signal) => guardFirstCall(job, send, signal),
    });
    this.#clients.add(client);
    void client.connection.closed.then(() => this.#clients.delete(client));
    return client;
  }

  /**
   * Closes all connections and boots everything out that this harness registered, where it is shared only what was not
   * loaded before; failures are logged. Work under way and work asked for later ends with ERR_ABORTED.
   */
  async stop(options: WaitOptions = {}): Promise<void> {
    this.#stopping.abort(new Error('the harness is stopping'));
    await Promise.all(
      [...this.#clients].map((client) =>
        client.close().catch((error: unknown) => {
          this.#logger.warn('connection not closed', { service: client.service, error: errorText(error) });
        }),
      ),
    );
    const registrations = [
      ...[...this.#loaded.values()].flatMap(({ registration }) => registration ?? []),
      ...this.#instances.values(),
    ].filter(({ outcome }) => !(this.#options.isShared === true && outcome === 'unchanged'));
    this.#loaded.clear();
    this.#instances.clear();
    await Promise.all(
      registrations.map((registration) =>
        this.#options.registrar.deregister(registration, options).catch((error: unknown) => {
          this.#logger.warn('plugin not unloaded', { label: registration.label, error: errorText(error) });
        }),
      ),
    );
  }

  #lookUp(name: string, { timeout = DEFAULT_TIMEOUT, signal }: WaitOptions): Promise<Plugin> {
    const late = () => lateError(name, 'not found', timeout);
    return withDeadline(`looking for ${name}`, { timeout, signal }, late, () =>
      this.#options.catalog.find(name),
    );
  }

  async #register(plugin: Plugin, options: WaitOptions): Promise<void> {
    const { name } = plugin;
    const timeout = options.timeout ?? DEFAULT_TIMEOUT;
    const registration = await withDeadline(
      `loading ${name}`,
      { timeout, signal: options.signal },
      () => lateError(name, 'not registered', timeout),
      (signal) => this.#options.registrar.register(plugin, { timeout, signal }),
    );
    this.#loaded.set(name, { plugin, ...(registration === undefined ? {} : { registration }) });
  }

  /** Runs `work` when earlier work on the plugin has ended; {@link stop} aborts it. */
  #exclusive<T>(name: string, options: WaitOptions, work: (bounds: WaitOptions) => Promise<T>): Promise<T> {
    const timeout = options.timeout ?? DEFAULT_TIMEOUT;
    const stopping = this.#stopping.signal;
    const signal = options.signal === undefined ? stopping : AbortSignal.any([options.signal, stopping]);
    if (signal.aborted) return Promise.reject(abortedError(`work on ${name}`, signal));
    const late = () => lateError(name, 'earlier work on it did not end', timeout);
    return this.#lock.run(name, { timeout, signal }, late, () => work({ timeout, signal }));
  }

  #find(name: string): Loaded {
    const loaded = this.#loaded.get(name);
    if (loaded === undefined) throw notLoaded(name);
    return loaded;
  }

  #registration(name: string, instance: string | undefined): Registration {
    if (instance === undefined) {
      const { registration } = this.#find(name);
      if (registration === undefined) throw noService(name, undefined);
      return registration;
    }
    const registration = this.#instances.get(instanceKey(name, instance));
    if (registration === undefined) throw notLoaded(name, instance);
    return registration;
  }
}

function instanceKey(name: string, instance: string): string {
  return `${name}/${instance}`;
}
