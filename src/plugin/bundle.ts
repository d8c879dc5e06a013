/** Reads one plugin bundle in one of the two layouts. */
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errorText, LaunchportError } from '../base/index.js';
import type { LayoutKind, Plugin } from './config.js';
import { type ConfigFile, readConfigFileSync } from './config-file.js';
import type { PluginDiagnostic } from './diagnostic.js';

/** Where one kind of bundle keeps its parts. */
export interface BundleLayout {
  readonly kind: LayoutKind;
  /** Path of the bundle of plugin `name` in a plugin directory. */
  bundlePath(directory: string, name: string): string;
  /** Name of the plugin that a bundle at this path holds; undefined when the path is wrong for the layout. */
  nameOf(bundlePath: string): string | undefined;
  configDirectory(bundlePath: string): string;
  binaryPath(bundlePath: string, name: string): string;
}

const APP_SUFFIX = '.app';

/** `N/config.toml`, `N/bin/N`, `N/resources`. */
export const DIRECTORY_LAYOUT: BundleLayout = {
  kind: 'directory',
  bundlePath: (directory, name) => join(directory, name),
  nameOf: (bundlePath) => basename(bundlePath),
  configDirectory: (bundlePath) => bundlePath,
  binaryPath: (bundlePath, name) => join(bundlePath, 'bin', name),
};

/** `N.app/Contents/Resources/config.toml`, `N.app/Contents/MacOS/N`, `N.app/Contents/Resources/resources`. */
export const APP_LAYOUT: BundleLayout = {
  kind: 'app',
  bundlePath: (directory, name) => join(directory, name + APP_SUFFIX),
  nameOf: (bundlePath) => {
    const base = basename(bundlePath);
    return base.endsWith(APP_SUFFIX) && base !== APP_SUFFIX ? base.slice(0, -APP_SUFFIX.length) : undefined;
  },
  configDirectory: (bundlePath) => join(bundlePath, 'Contents', 'Resources'),
  binaryPath: (bundlePath, name) => join(bundlePath, 'Contents', 'MacOS', name),
};

/** All layouts, in the order in which they are tried: within one directory `foo/` wins over `foo.app/`. */
export const LAYOUTS: readonly BundleLayout[] = [DIRECTORY_LAYOUT, APP_LAYOUT];

/** A plugin that was read, with remarks about it. */
export interface LoadedBundle {
  readonly plugin: Plugin;
  readonly diagnostics: readonly PluginDiagnostic[];
}

/**
 * Reads the bundle at `bundlePath`. Undefined when it has no config file where the layout keeps it.
 * @throws LaunchportError ERR_PLUGIN_CONFIG (config unreadable or wrong), ERR_PLUGIN_BINARY (no executable)
 */
export async function loadBundle(
  bundlePath: string,
  layout: BundleLayout,
): Promise<LoadedBundle | undefined> {
  return loadBundleSync(bundlePath, layout);
}

/** As {@link loadBundle}, at once. */
export function loadBundleSync(bundlePath: string, layout: BundleLayout): LoadedBundle | undefined {
  const configDirectory = layout.configDirectory(bundlePath);
  const file = readConfigFileSync(configDirectory);
  if (file === undefined) return undefined;
  const name = layout.nameOf(bundlePath);
  if (name === undefined) {
    throw new LaunchportError(
      'ERR_PLUGIN_CONFIG',
      `${bundlePath}: has the layout of an application bundle, but its name does not end in ${APP_SUFFIX}`,
      { hint: `Rename it to ${basename(bundlePath)}${APP_SUFFIX}.`, details: { path: bundlePath } },
    );
  }
  const binaryPath = layout.binaryPath(bundlePath, name);
  const mode = checkBinary(binaryPath, name);
  const resourcesPath = join(configDirectory, 'resources');
  const plugin: Plugin = {
    name,
    config: file.config,
    format: file.format,
    layout: layout.kind,
    bundlePath,
    configPath: file.path,
    binaryPath,
    ...(exists(resourcesPath) ? { resourcesPath } : {}),
  };
  return { plugin, diagnostics: remarks(plugin, file, mode) };
}

/** Mode of the executable; more is needed than that it exists, or launchd fails later and says less. */
function checkBinary(path: string, name: string): number {
  const fail = (reason: string, hint: string, cause?: unknown) =>
    new LaunchportError('ERR_PLUGIN_BINARY', `${path}: ${reason}`, { hint, details: { name, path }, cause });
  let status: Stats;
  try {
    status = statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw fail('no such executable', `Put the plugin's executable there; it must be named ${name}.`, error);
    }
    throw fail(`cannot be read: ${errorText(error)}`, 'Check the permissions of the path.', error);
  }
  if (!status.isFile()) throw fail('not a regular file', 'Put the executable itself there.');
  try {
    accessSync(path, constants.X_OK);
  } catch (error) {
    throw fail('not executable', `Run: chmod +x '${path.replaceAll("'", "'\\''")}'`, error);
  }
  return status.mode;
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function remarks(plugin: Plugin, file: ConfigFile, mode: number): PluginDiagnostic[] {
  const { name, configPath } = plugin;
  const result: PluginDiagnostic[] = file.unknownKeys.map((key) => ({
    // Upstream's own files have keys that nothing reads. In the short form a key of another name is a slip of the pen.
    severity: file.format === 'plugin.json' ? 'warning' : 'debug',
    code: 'unknown-key',
    path: configPath,
    name,
    message: `${configPath}: ${key}: nothing reads this key`,
  }));
  if (file.format === 'config.json') {
    result.push({
      severity: 'warning',
      code: 'legacy-config',
      path: configPath,
      name,
      message: `${configPath}: config.json is the old name of the config file`,
      hint: 'Write the same settings to config.toml.',
    });
  }
  if (file.statedName !== undefined && file.statedName !== name) {
    result.push({
      severity: 'warning',
      code: 'name-mismatch',
      path: configPath,
      name,
      message: `${configPath}: name: found ${JSON.stringify(file.statedName)}, but the plugin is ${JSON.stringify(name)} by its directory`,
      hint: 'Rename the directory and the executable, or remove the key.',
    });
  }
  if ((mode & 0o002) !== 0) {
    result.push({
      severity: 'warning',
      code: 'insecure',
      path: plugin.binaryPath,
      name,
      message: `${plugin.binaryPath}: every user may overwrite this executable`,
      hint: 'Run chmod o-w on it.',
    });
  }
  return result;
}
