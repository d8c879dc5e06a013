/** `launchport network prune`: deletes networks that no container uses. */
import { isLaunchportError, printable } from '../../base/index.js';
import { serverProtocol } from '../../harness/index.js';
import { isBuiltin, listNetworks } from '../containers/network-listing.js';
import { isOwnServer, type ServerOptions, type Services, withServices } from '../containers/server.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** Writes the names of those that are gone. */
export async function networkPrune(
  context: CliContext,
  options: GlobalOptions & ServerOptions,
): Promise<void> {
  const deleted = await withServices(context, options, prune);
  if (options.json)
    return writeJson(
      context,
      deleted.map((id) => ({ id, result: 'deleted' })),
    );
  for (const id of deleted) context.stdout.write(`${printable(id)}\n`);
}

async function prune(services: Services): Promise<readonly string[]> {
  const { client, containers, networks, wait } = services;
  if (await isOwnServer(services)) {
    return (await client.call(serverProtocol.routes.networkPrune, {}, wait)).deleted;
  }
  const used = new Set(
    (await containers.list({}, wait)).flatMap(({ configuration }) =>
      configuration.networks.map(({ network }) => network),
    ),
  );
  const unused = (await listNetworks(services)).filter(
    (network) => !isBuiltin(network) && !used.has(network.id),
  );
  const deleted: string[] = [];
  for (const { id } of unused) {
    // One that got a user meanwhile stays.
    await networks.delete(id, wait).then(
      () => deleted.push(id),
      (error: unknown) => {
        if (!isLaunchportError(error, 'ERR_REMOTE')) throw error;
      },
    );
  }
  return deleted;
}
