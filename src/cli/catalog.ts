/**
 * The catalog that commands share, made from options and environment in one place. Loads nothing of servers: every
 * command line is looked up here, for it may be the name of a plugin.
 */
import { resolve } from 'node:path';
import { PluginCatalog, pluginDirectories, resolveRoots, type ServiceType } from '../plugin/index.js';
import type { CliContext } from './context.js';

/** Options of commands that look for plugins. */
export interface SearchOptions {
  readonly pluginDir?: readonly string[];
}

/** What a configuration declares, as read from disk or as told by the API server. */
export interface DeclaredServices {
  readonly servicesConfig?: { readonly services: readonly { readonly type: ServiceType }[] } | undefined;
}

/** A catalog over `--plugin-dir`, then the standard directories. */
export function openCatalog(context: CliContext, options: SearchOptions): PluginCatalog {
  const { environment } = context;
  const extra = absoluteDirectories(context, options);
  return new PluginCatalog({
    directories: pluginDirectories(resolveRoots({}, environment), { extra }, environment),
  });
}

/** `--plugin-dir` as absolute paths. */
export function absoluteDirectories(context: CliContext, options: SearchOptions): readonly string[] {
  return (options.pluginDir ?? []).map((directory) => resolve(context.cwd, directory));
}
