/** `launchport network inspect NETWORK…`: everything known of networks. */
import type { LaunchportError } from '../../base/index.js';
import { assertNetworkName } from '../../plugin/index.js';
import { together } from '../containers/each.js';
import { noNetwork } from '../containers/failure.js';
import { listNetworks, networkJson } from '../containers/network-listing.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** Writes a JSON array of those that are there, and then fails for those that are not. @throws ERR_NETWORK_NOT_FOUND */
export async function networkInspect(
  context: CliContext,
  names: readonly string[],
  options: GlobalOptions & ServerOptions,
): Promise<void> {
  for (const name of names) assertNetworkName(name);
  const all = await withServices(context, options, listNetworks);
  const missing: LaunchportError[] = [];
  const found = names.flatMap((name) => {
    const network = all.find(({ id }) => id === name);
    if (network === undefined) missing.push(noNetwork(name));
    return network === undefined ? [] : [networkJson(network)];
  });
  writeJson(context, found);
  if (missing.length > 0) throw together(missing);
}
