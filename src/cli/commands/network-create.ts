/** `launchport network create`: makes a network. */
import { printable } from '../../base/index.js';
import { about } from '../containers/failure.js';
import { type NetworkDefinitionOptions, networkConfiguration } from '../containers/network-definition.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** Writes the name of the network, whose plugin runs by then. */
export async function networkCreate(
  context: CliContext,
  name: string,
  options: NetworkDefinitionOptions & GlobalOptions & ServerOptions,
): Promise<void> {
  const configuration = networkConfiguration(name, options);
  const network = await withServices(context, options, ({ networks, wait }) =>
    about('network', name, () => networks.create(configuration, wait)),
  );
  if (options.json) writeJson(context, network);
  else context.stdout.write(`${printable(network.id)}\n`);
}
