/** `launchport network list`: networks, by name. */
import { printable } from '../../base/index.js';
import { listNetworks, networkJson } from '../containers/network-listing.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import type { CliContext } from '../context.js';
import { type FormatOptions, wantsJson, writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';

/** Options of `network list`. */
export interface NetworkListOptions extends FormatOptions, ServerOptions {
  readonly quiet?: boolean;
}

/** Writes all networks; what is wrong with one goes to stderr. */
export async function networkList(context: CliContext, options: NetworkListOptions): Promise<void> {
  const networks = await withServices(context, options, listNetworks);
  if (wantsJson(options)) return writeJson(context, networks.map(networkJson));
  if (options.quiet) {
    for (const { id } of networks) context.stdout.write(`${printable(id)}\n`);
    return;
  }
  writeTable(
    context,
    [
      { heading: 'NETWORK', cell: ({ id }) => id },
      { heading: 'STATE', cell: ({ details }) => details?.state ?? '-' },
      {
        heading: 'PLUGIN',
        cell: ({ resource, details }) => resource?.configuration.plugin ?? details?.plugin ?? '-',
      },
      { heading: 'MODE', cell: ({ resource }) => resource?.configuration.mode ?? '-' },
      { heading: 'SUBNET', cell: ({ resource }) => resource?.status.ipv4Subnet ?? '-' },
      { heading: 'SUBNET-V6', cell: ({ resource }) => resource?.status.ipv6Subnet ?? '-' },
      { heading: 'CONTAINERS', cell: ({ details }) => details?.containers.join(',') || '-' },
    ],
    networks,
  );
  for (const { id, details } of networks) {
    const { problem } = details ?? {};
    if (problem === undefined) continue;
    context.stderr.write(`warning: network ${printable(id)}: ${printable(problem.message)}\n`);
  }
}
