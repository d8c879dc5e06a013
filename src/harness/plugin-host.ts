/** A host in one object: the control of launchd, the catalog, the registrar, the harness and a transport. */
import { type Logger, silentLogger, type WaitOptions } from '../base/index.js';
import type { LaunchControl } from '../launchd/index.js';
import { type Binding, loadBinding } from '../native/index.js';
import {
  PluginCatalog,
  PluginRegistrar,
  pluginDirectories,
  type RootOptions,
  type Roots,
  resolveRoots,
} from '../plugin/index.js';
import type { Clock, Supervisor } from '../supervisor/index.js';
import { XpcTransport } from '../xpc/index.js';
import { type HostLaunchd, openLaunchd, type SupervisorChoice } from './host-launchd.js';
import { PluginHarness } from './plugin-harness.js';

/** How a host is set up; everything has a default. */
export interface PluginHostOptions {
  /** Searched before the standard plugin directories. */
  readonly pluginDirectories?: readonly string[];
  /** Runtime directory of the supervisor, where there is no launchd. */
  readonly directory?: string;
  /** Whose supervisor it is, where there is no launchd; default `auto`. */
  readonly supervisor?: SupervisorChoice;
  /** Whether an embedded one outlives being killed (as `Supervisor.start` has it); default false. */
  readonly recover?: boolean;
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
 * What a daemon needs to host plugins. On macOS it speaks to launchd; elsewhere to the supervisor daemon of its runtime
 * directory or, when none runs, to a supervisor of its own, which lives and dies with it. Dispose of it with `await
 * using` or {@link PluginHost.stop}.
 */
export class PluginHost implements AsyncDisposable {
  readonly control: LaunchControl;
  /** The supervisor of this process, if it has one. */
  readonly supervisor: Supervisor | undefined;
  /** Bootstrap directory of the supervisor; undefined where launchd has the names. */
  readonly bootstrap: string | undefined;
  readonly roots: Roots;
  readonly catalog: PluginCatalog;
  readonly registrar: PluginRegistrar;
  readonly harness: PluginHarness;
  readonly transport: XpcTransport;
  readonly prefix: string | undefined;
  readonly logger: Logger;

  readonly #launchd: HostLaunchd;

  private constructor(options: PluginHostOptions, transport: XpcTransport, launchd: HostLaunchd) {
    const environment = options.environment ?? process.env;
    const logger = options.logger ?? silentLogger;
    const prefix = options.prefix === undefined ? {} : { prefix: options.prefix };
    this.#launchd = launchd;
    this.control = launchd.control;
    this.supervisor = launchd.supervisor;
    this.bootstrap = launchd.bootstrap;
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
    this.transport = transport;
    this.harness = new PluginHarness({
      catalog: this.catalog,
      registrar: this.registrar,
      control: this.control,
      transport: this.transport,
      logger,
      isShared: launchd.isShared,
      ...(launchd.bootstrap === undefined ? {} : { bootstrap: launchd.bootstrap }),
    });
  }

  /**
   * Sets a host up. No plugin is loaded; see {@link PluginHarness.boot} and {@link PluginHarness.load}.
   * @throws LaunchportError ERR_ADDON_NOT_FOUND; ERR_SUPERVISOR_RUNNING when the runtime directory has a host that is no
   *   daemon; ERR_SERVER_NOT_RUNNING when a daemon is insisted on and none runs; ERR_SUPERVISOR_PROTOCOL when the daemon
   *   is of another version; ERR_UNSUPPORTED when a supervisor is insisted on where there is a launchd
   */
  static async start(options: PluginHostOptions = {}): Promise<PluginHost> {
    const binding = options.binding ?? loadBinding();
    const transport = new XpcTransport(binding, { logger: options.logger ?? silentLogger });
    let launchd: HostLaunchd | undefined;
    try {
      launchd = await openLaunchd(options, binding, transport);
      return new PluginHost(options, transport, launchd);
    } catch (error) {
      await launchd?.close({});
      await transport.close();
      throw error;
    }
  }

  /**
   * Boots out what the harness loaded, then everything else of a supervisor of its own, and closes all connections. A
   * daemon and the jobs that others loaded there go on. `timeout` is in milliseconds, for each of the two steps.
   */
  async stop(options: WaitOptions = {}): Promise<void> {
    try {
      await this.harness.stop(options);
      await this.#launchd.close(options);
    } finally {
      await this.transport.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
