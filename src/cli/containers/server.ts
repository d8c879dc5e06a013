/** The API server as commands about containers and networks use it. */
import { LaunchportError } from '../../base/index.js';
import { ContainersClient, NetworksClient } from '../../compat/index.js';
import type { ApiClient } from '../../harness/index.js';
import type { CallOptions } from '../../routes/index.js';
import type { CliContext } from '../context.js';
import { withServer } from '../server.js';

/** Options of all these commands. */
export interface ServerOptions {
  readonly prefix?: string;
  /** Seconds for each call. */
  readonly timeout?: number;
}

/** What a command works with. */
export interface Services {
  readonly client: ApiClient;
  readonly containers: ContainersClient;
  readonly networks: NetworksClient;
  /** How calls are made: with the command's deadline, and until the user interrupts. */
  readonly wait: CallOptions;
}

/** Runs `work` and closes the connection afterwards. @throws LaunchportError ERR_SERVER_NOT_RUNNING */
export function withServices<T>(
  context: CliContext,
  { prefix, timeout }: ServerOptions,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const wait = { signal: context.signal, ...(timeout === undefined ? {} : { timeout: timeout * 1000 }) };
  return withServer(
    (client) =>
      work({ client, wait, containers: new ContainersClient(client), networks: new NetworksClient(client) }),
    prefix,
  );
}

/** What our own server calls itself. */
const OWN_NAME = 'launchport';

/** Whether the server is ours. Apple/container's does not answer routes that it does not have. */
export async function isOwnServer({ client, wait }: Pick<Services, 'client' | 'wait'>): Promise<boolean> {
  return (await client.ping(wait)).appName === OWN_NAME;
}

/** @throws LaunchportError ERR_UNSUPPORTED when the server is not ours, for `what` */
export async function assertOwnServer(services: Services, what: string): Promise<void> {
  if (await isOwnServer(services)) return;
  throw new LaunchportError('ERR_UNSUPPORTED', `the API server is apple/container's, which cannot ${what}`, {
    hint: 'See launchport system status for which server answers.',
  });
}
