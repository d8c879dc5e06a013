/** A host in one object: the control of launchd, the catalog, the registrar, the harness and a transport. */
import { type Logger, silentLogger } from '../base/index.js';
import { type LaunchControl, LaunchctlControl } from '../launchd/index.js';
import { type Binding, loadBinding } from '../native/index.js';
import {
  PluginCatalog,
  PluginRegistrar,
  pluginDirectories,
  type RootOptions,
  type Roots,
  resolveRoots,
} from '../plugin/index.js';
import { type Clock, Supervisor } from '../supervisor/index.js';
import { XpcTransport } from '../xpc/index.js';
import { PluginHarness } from './plugin-harness.js';

/** How a host is set up; everything has a default. */
export interface PluginHostOptions {
  /** Searched before the standard plugin directories. */
  readonly pluginDirectories?: readonly string[];
  /** Runtime directory of the embedded supervisor, where there is no launchd. */
  readonly directory?: string;
  readonly roots?: RootOptions;
  /** Default that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Default `com.apple.container.`. */
  readonly prefix?: string;
  /** Passes `--debug` to plugins. */
  readonly debug?: boolean;
  /** Default {@link loadBinding}. */
  readonly binding?: Binding;
  /** Time as the supervisor sees it; for tests. */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/**
 * What a daemon needs to host plugins. On macOS it speaks to launchd; elsewhere it starts a supervisor, which lives and
 * dies with it. Dispose of it with `await using` or {@link PluginHost.stop}.
 */
export class PluginHost implements AsyncDisposable {
  readonly control: LaunchControl;
  /** Where there is no launchd. */
  readonly supervisor: Supervisor | undefined;
  readonly roots: Roots;
  readonly catalog: PluginCatalog;
  readonly registrar: PluginRegistrar;
  readonly harness: PluginHarness;
  readonly transport: XpcTransport;
  readonly prefix: string | undefined;
  readonly logger: Logger;

  private constructor(options: PluginHostOptions, binding: Binding, supervisor: Supervisor | undefined) {
    const environment = options.environment ?? process.env;
    const logger = options.logger ?? silentLogger;
    const prefix = options.prefix === undefined ? {} : { prefix: options.prefix };
    this.control = supervisor ?? new LaunchctlControl({ logger });
    this.supervisor = supervisor;
    this.prefix = options.prefix;
    this.logger = logger;
    this.roots = resolveRoots(options.roots, environment);
    const extra = options.pluginDirectories ?? [];
    this.catalog = new PluginCatalog({
      directories: pluginDirectories(this.roots, { extra }, environment),
      logger,
    });
    this.registrar = new PluginRegistrar({
      control: this.control,
      roots: this.roots,
      environment,
      debug: options.debug ?? false,
      // What a plugin writes before it has a log of its own, such as why it cannot start, goes beside its log.
      ...(this.roots.log === undefined ? {} : { outputDirectory: this.roots.log }),
      logger,
      ...prefix,
    });
    this.transport = new XpcTransport(binding, { logger });
    this.harness = new PluginHarness({
      catalog: this.catalog,
      registrar: this.registrar,
      control: this.control,
      transport: this.transport,
      logger,
      ...(supervisor === undefined ? {} : { bootstrap: supervisor.bootstrapDirectory }),
    });
  }

  /**
   * Sets a host up. No plugin is loaded; see {@link PluginHarness.boot} and {@link PluginHarness.load}.
   * @throws LaunchportError ERR_ADDON_NOT_FOUND, or ERR_SUPERVISOR_RUNNING when the runtime directory has a host
   */
  static async start(options: PluginHostOptions = {}): Promise<PluginHost> {
    const binding = options.binding ?? loadBinding();
    if (binding.openSupervisor === undefined) return new PluginHost(options, binding, undefined);
    const supervisor = await Supervisor.start({
      binding,
      ...(options.directory === undefined ? {} : { directory: options.directory }),
      ...(options.environment === undefined ? {} : { environment: options.environment }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.logger === undefined ? {} : { logger: options.logger }),
    });
    try {
      return new PluginHost(options, binding, supervisor);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  }

  /** Bootstrap directory of the supervisor; undefined where launchd has the names. */
  get bootstrap(): string | undefined {
    return this.supervisor?.bootstrapDirectory;
  }

  /** Boots out what the harness loaded, then everything else of the supervisor, and closes all connections. */
  async stop(): Promise<void> {
    try {
      await this.harness.stop();
      await this.supervisor?.stop();
    } finally {
      await this.transport.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
