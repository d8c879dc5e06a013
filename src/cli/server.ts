/** Connections of commands to the API server, and what it says of plugins. */
import { isLaunchportError, type WaitOptions } from '../base/index.js';
import { ApiClient, type RemotePlugin } from '../harness/index.js';
import type { JobStatus } from '../launchd/index.js';
import { XpcTransport } from '../xpc/index.js';
import type { CliContext } from './context.js';

/**
 * Runs `work` with a client of the API server and closes the connection afterwards.
 * @throws LaunchportError ERR_SERVER_NOT_RUNNING
 */
export async function withServer<T>(work: (client: ApiClient) => Promise<T>, prefix?: string): Promise<T> {
  const transport = XpcTransport.default();
  try {
    return await work(ApiClient.connect(transport, prefix === undefined ? {} : { prefix }));
  } finally {
    await transport.close();
  }
}

/** Milliseconds that a server may take to tell what it has loaded. */
export const SERVER_TIMEOUT_MS = 10_000;

/** A plugin that the API server has loaded. */
export interface LoadedPlugin extends RemotePlugin {
  /** Its job; absent for a command, and when the server is upstream's, which does not tell. */
  readonly job?: JobStatus;
}

/** What the API server has loaded; undefined when there is no server, or no addon to reach one with. */
export async function loadedPlugins({
  signal,
}: Pick<CliContext, 'signal'>): Promise<readonly LoadedPlugin[] | undefined> {
  const wait = { timeout: SERVER_TIMEOUT_MS, signal };
  try {
    return await withServer(async (client) => {
      const plugins = await client.pluginList(wait);
      const jobs = await Promise.all(plugins.map(({ name }) => jobOf(client, name, wait)));
      return plugins.map((plugin, index) => {
        const job = jobs[index];
        return job === undefined ? plugin : { ...plugin, job };
      });
    });
  } catch (error) {
    if (isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING', 'ERR_ADDON_NOT_FOUND', 'ERR_UNSUPPORTED'))
      return undefined;
    throw error;
  }
}

/** The job of a loaded plugin; undefined when it has none, went meanwhile, or the server has no such route. */
export async function jobOf(
  client: ApiClient,
  name: string,
  wait: WaitOptions,
): Promise<JobStatus | undefined> {
  try {
    return await client.pluginStatus(name, wait);
  } catch (error) {
    if (isLaunchportError(error, 'ERR_REMOTE', 'ERR_PLUGIN_NOT_LOADED')) return undefined;
    throw error;
  }
}
