/** The directories everything lives in: application, install and log root, and what is made below them. */
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { moduleRoot } from '../base/index.js';
import { assertContainerId, assertNetworkName, assertPluginName } from './naming.js';

/** The roots, resolved once. All paths are absolute and normalised. */
export interface Roots {
  /** Data of the host: state of plugins, containers and networks. `CONTAINER_APP_ROOT`. */
  readonly app: string;
  /** Where the host is installed. `CONTAINER_INSTALL_ROOT`. */
  readonly install: string;
  /** Where helpers write log files, when they do. `CONTAINER_LOG_ROOT`. */
  readonly log?: string;
  /**
   * Where launchd plists go when not into the state directories: one on the boot volume helps when the home
   * directory is on another volume, from which launchd refuses to load. `LAUNCHPORT_PLIST_ROOT`.
   */
  readonly plist?: string;
  /** Records of what is registered: `<app>/registrations`. */
  readonly registrations: string;
  /** State of a singleton plugin. @throws LaunchportError ERR_PLUGIN_NAME */
  pluginState(name: string): string;
  /** State of a container. @throws LaunchportError ERR_PLUGIN_INSTANCE */
  container(id: string): string;
  /** State of a network. @throws LaunchportError ERR_PLUGIN_INSTANCE */
  network(name: string): string;
}

/** Roots given by the caller; they win over the environment. Empty counts as not given. */
export interface RootOptions {
  readonly app?: string;
  readonly install?: string;
  readonly log?: string;
  readonly plist?: string;
  /** What relative paths are relative to; default the working directory. */
  readonly cwd?: string;
  /** The running program, whose grandparent directory is the default install root; default `argv[1]`. */
  readonly executable?: string;
  /** Default `process.platform`. */
  readonly platform?: NodeJS.Platform;
}

/** Undefined for an absent or empty path, else the path made absolute and normalised, links unresolved. */
export function resolvePath(path: string | undefined, cwd: string = process.cwd()): string | undefined {
  return path === undefined || path === '' ? undefined : resolve(cwd, path);
}

/**
 * The roots from options, then environment, then defaults. The default application root is
 * `~/Library/Application Support/com.apple.container` on macOS, as in apple/container, and `launchport` in
 * `$XDG_DATA_HOME` elsewhere (default `~/.local/share`; a relative value is ignored, as the XDG base directory
 * specification asks).
 */
export function resolveRoots(options: RootOptions = {}, environment: NodeJS.ProcessEnv = process.env): Roots {
  const cwd = options.cwd ?? process.cwd();
  const from = (option: string | undefined, variable: string) =>
    resolvePath(option, cwd) ?? resolvePath(environment[variable], cwd);
  const app =
    from(options.app, 'CONTAINER_APP_ROOT') ??
    defaultAppRoot(environment, options.platform ?? process.platform);
  const install =
    from(options.install, 'CONTAINER_INSTALL_ROOT') ??
    defaultInstallRoot(resolve(cwd, options.executable ?? process.argv[1] ?? process.execPath));
  const log = from(options.log, 'CONTAINER_LOG_ROOT');
  const plist = from(options.plist, 'LAUNCHPORT_PLIST_ROOT');
  return {
    app,
    install,
    ...(log === undefined ? {} : { log }),
    ...(plist === undefined ? {} : { plist }),
    registrations: join(app, 'registrations'),
    pluginState(name) {
      assertPluginName(name);
      return join(app, 'plugin-state', name);
    },
    container(id) {
      assertContainerId(id);
      return join(app, 'containers', id);
    },
    network(name) {
      assertNetworkName(name);
      return join(app, 'networks', name);
    },
  };
}

/** The parent of the directory of the executable, by name alone: links are not resolved. */
export function defaultInstallRoot(executable: string): string {
  return dirname(dirname(executable));
}

/** The bundles that come with launchport, beside its modules. */
const ownPlugins = () => join(moduleRoot(), 'plugins');

/** What else goes on the list of plugin directories. */
export interface PluginDirectoryOptions {
  /** First on the list: what the user named with `--plugin-dir`. */
  readonly extra?: readonly string[];
  readonly cwd?: string;
}

/**
 * The plugin directories in the order they are searched, each once: those the user named, the user's own and the
 * machine's `libexec/container/plugin`, then apple/container's two below the install root, then the plugins that come
 * with launchport.
 */
export function pluginDirectories(
  roots: Pick<Roots, 'install'>,
  options: PluginDirectoryOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): string[] {
  const cwd = options.cwd ?? process.cwd();
  const directories = [
    ...(options.extra ?? []).flatMap((directory) => resolvePath(directory, cwd) ?? []),
    join(home(environment), '.local/libexec/container/plugin'),
    '/usr/local/libexec/container/plugin',
    join(roots.install, 'libexec/container-plugins'),
    join(roots.install, 'libexec/container/plugins'),
    ownPlugins(),
  ];
  return [...new Set(directories)];
}

function defaultAppRoot(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'darwin')
    return join(home(environment), 'Library/Application Support/com.apple.container');
  const data = environment.XDG_DATA_HOME;
  return join(data && isAbsolute(data) ? data : join(home(environment), '.local/share'), 'launchport');
}

function home(environment: NodeJS.ProcessEnv): string {
  return environment.HOME || homedir();
}
