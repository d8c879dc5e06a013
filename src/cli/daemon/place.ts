/** Where the daemon of an environment is: its directories, its log, and what its process is given. */
import { join, resolve } from 'node:path';
import { isLaunchportError, type WaitOptions } from '../../base/index.js';
import { runtimeDirectory } from '../../native/index.js';
import { resolveRoots } from '../../plugin/index.js';
import { SupervisorClient, type SupervisorInfo } from '../../supervisor/index.js';
import { XpcTransport } from '../../xpc/index.js';
import type { CliContext } from '../context.js';

/** The places of one daemon; all paths are absolute. */
export interface DaemonPlace {
  /** Runtime directory. */
  readonly directory: string;
  readonly bootstrap: string;
  readonly log: string;
  /** The caller's environment, its relative paths made absolute: the daemon's working directory is `/`. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The daemon that the environment of the CLI leads to. */
export function daemonPlace({ environment, cwd }: Pick<CliContext, 'environment' | 'cwd'>): DaemonPlace {
  const roots = resolveRoots({ cwd }, environment);
  const directory = resolve(cwd, runtimeDirectory(environment));
  const { LAUNCHPORT_BOOTSTRAP: _, ...rest } = environment;
  return {
    directory,
    bootstrap: join(directory, 'bootstrap'),
    log: join(roots.log ?? join(roots.app, 'log'), 'launchport.log'),
    environment: {
      ...rest,
      LAUNCHPORT_RUNTIME_DIR: directory,
      CONTAINER_APP_ROOT: roots.app,
      CONTAINER_INSTALL_ROOT: roots.install,
      ...(roots.log === undefined ? {} : { CONTAINER_LOG_ROOT: roots.log }),
      ...(roots.plist === undefined ? {} : { LAUNCHPORT_PLIST_ROOT: roots.plist }),
    },
  };
}

/** Runs `work` with a client of the daemon and closes the connection afterwards. */
export async function withDaemon<T>(
  { bootstrap }: Pick<DaemonPlace, 'bootstrap'>,
  work: (client: SupervisorClient) => Promise<T>,
): Promise<T> {
  const transport = XpcTransport.default();
  const client = new SupervisorClient({ transport, bootstrap });
  try {
    return await work(client);
  } finally {
    await client.close();
    await transport.close();
  }
}

/** What the daemon says of itself; undefined when none runs, or none can run here. */
export async function daemonInfo(place: DaemonPlace, wait: WaitOptions): Promise<SupervisorInfo | undefined> {
  try {
    return await withDaemon(place, (client) => client.info(wait));
  } catch (error) {
    if (isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING', 'ERR_ADDON_NOT_FOUND', 'ERR_UNSUPPORTED'))
      return undefined;
    throw error;
  }
}
