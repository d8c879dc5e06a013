/** What a plugin says about itself, whatever file format it says it in. */

/** Kinds of service, with apple/container's names: one Mach service is made per declared kind. */
export const SERVICE_TYPES = ['runtime', 'network', 'core', 'auxiliary'] as const;

/**
 * `runtime`: one process per container; `network`: one per network; `core` and `auxiliary`: one for all.
 * A plugin may declare several.
 */
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** One declared service. */
export interface PluginService {
  readonly type: ServiceType;
  readonly description?: string;
}

/** How the daemon of a plugin is run. */
export interface ServicesConfig {
  /** The host registers it while it starts. */
  readonly loadAtBoot: boolean;
  /** Becomes launchd's RunAtLoad: start at registration, not at the first message. */
  readonly runAtLoad: boolean;
  /** Last on the command line. */
  readonly defaultArguments: readonly string[];
  /** In declared order; may be empty, then the daemon has no Mach service. */
  readonly services: readonly PluginService[];
}

/** A plugin's configuration. Without `servicesConfig` it is a CLI plugin: a command, not a daemon. */
export interface PluginConfig {
  /** One line for listings; may be empty. */
  readonly abstract: string;
  readonly author?: string;
  readonly servicesConfig?: ServicesConfig;
}

/**
 * The config files there are, by precedence within one directory. Only the first that exists is read; when it is
 * broken, the next does not stand in for it. The first two are apple/container's, `plugin.json` is the short form.
 */
export const CONFIG_FORMATS = ['config.toml', 'config.json', 'plugin.json'] as const;

/** File name of a config, which is also its format. */
export type ConfigFormat = (typeof CONFIG_FORMATS)[number];

/** Where a bundle keeps its files: a Unix-like directory, or a macOS application bundle. */
export type LayoutKind = 'directory' | 'app';

/** A plugin found on disk: config good, executable present. */
export interface Plugin {
  /** Base name of its executable and of its directory, less `.app`. */
  readonly name: string;
  readonly config: PluginConfig;
  readonly format: ConfigFormat;
  readonly layout: LayoutKind;
  readonly bundlePath: string;
  readonly configPath: string;
  readonly binaryPath: string;
  /** The entry `resources` beside the config, when there is one. */
  readonly resourcesPath?: string;
}

/** True for a plugin that is a command and has no daemon. */
export function isCliPlugin(plugin: Plugin): boolean {
  return plugin.config.servicesConfig === undefined;
}

/** True when the plugin declares a service of this type. */
export function hasService(plugin: Plugin, type: ServiceType): boolean {
  return plugin.config.servicesConfig?.services.some((service) => service.type === type) ?? false;
}
