/** The catalog and the connections that commands share, made from options and environment in one place. */
import { resolve } from 'node:path';
import { isLaunchportError } from '../base/index.js';
import { ApiClient, type RemotePlugin } from '../harness/index.js';
import { PluginCatalog, pluginDirectories, resolveRoots, type ServiceType } from '../plugin/index.js';
import { XpcTransport } from '../xpc/index.js';
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

/** Milliseconds that a server may take to tell what it has loaded. */
const LIST_TIMEOUT_MS = 10_000;

/** What the API server has loaded; undefined when there is no server, or no addon to reach one with. */
export async function loadedPlugins({
  signal,
}: Pick<CliContext, 'signal'>): Promise<readonly RemotePlugin[] | undefined> {
  try {
    return await withServer((client) => client.pluginList({ timeout: LIST_TIMEOUT_MS, signal }));
  } catch (error) {
    if (isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING', 'ERR_ADDON_NOT_FOUND', 'ERR_UNSUPPORTED'))
      return undefined;
    throw error;
  }
}
