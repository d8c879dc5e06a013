/** The catalog and the connections that commands share, made from options and environment in one place. */
import { resolve } from 'node:path';
import { ApiClient } from '../harness/index.js';
import { PluginCatalog, pluginDirectories, type Roots, resolveRoots } from '../plugin/index.js';
import { XpcTransport } from '../xpc/index.js';
import type { CliContext } from './context.js';

/** Options of commands that look for plugins. */
export interface SearchOptions {
  readonly pluginDir?: readonly string[];
}

/** The roots as the environment sets them. */
export function openRoots(context: CliContext): Roots {
  return resolveRoots({}, context.environment);
}

/** A catalog over `--plugin-dir`, then the standard directories. */
export function openCatalog(context: CliContext, options: SearchOptions): PluginCatalog {
  const extra = (options.pluginDir ?? []).map((directory) => resolve(context.cwd, directory));
  return new PluginCatalog({
    directories: pluginDirectories(openRoots(context), { extra }, context.environment),
  });
}

/**
 * Runs `work` with a client of the API server and closes the connection afterwards.
 * @throws LaunchportError ERR_SERVER_NOT_RUNNING
 */
export async function withServer<T>(work: (client: ApiClient) => Promise<T>): Promise<T> {
  const transport = XpcTransport.default();
  try {
    return await work(ApiClient.connect(transport));
  } finally {
    await transport.close();
  }
}
