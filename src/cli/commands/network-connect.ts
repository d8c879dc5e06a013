/** `launchport network connect`: makes sure that there is a network, and puts a container on it. */
import { LaunchportError, printable } from '../../base/index.js';
import { serverProtocol } from '../../harness/index.js';
import { assertContainerId } from '../../plugin/index.js';
import { about } from '../containers/failure.js';
import { attachment, parseNetwork } from '../containers/network-attachment.js';
import {
  isDescribed,
  type NetworkDefinitionOptions,
  networkConfiguration,
} from '../containers/network-definition.js';
import { listNetworks } from '../containers/network-listing.js';
import { assertOwnServer, type ServerOptions, type Services, withServices } from '../containers/server.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** Options of `network connect`. */
export interface NetworkConnectOptions extends NetworkDefinitionOptions, GlobalOptions, ServerOptions {
  readonly mac?: string;
  readonly mtu?: string;
}

/**
 * Makes the network unless there is one of that name and plugin, and attaches the container when one is named.
 * @throws LaunchportError ERR_NETWORK_EXISTS when the network has another plugin, or is there and is described anew;
 *   ERR_CONTAINER_STATE when the container runs
 */
export async function networkConnect(
  context: CliContext,
  name: string,
  container: string | undefined,
  options: NetworkConnectOptions,
): Promise<void> {
  const choice = parseNetwork(
    [
      name,
      ...(options.mac === undefined ? [] : [`mac=${options.mac}`]),
      ...(options.mtu === undefined ? [] : [`mtu=${options.mtu}`]),
    ].join(','),
  );
  if (container !== undefined) assertContainerId(container);
  const result = await withServices(context, options, async (services) => {
    const { client, containers, wait } = services;
    if (container !== undefined) await assertOwnServer(services, 'attach containers that are there');
    const isNew = await ensureNetwork(services, name, options);
    if (container === undefined) return isNew ? 'created' : 'there already';
    const [snapshot] = await containers.list({ ids: [container] }, wait);
    const hostname = snapshot?.configuration.networks[0]?.options.hostname ?? container;
    await about('container', container, () =>
      client.call(
        serverProtocol.routes.containerConnect,
        { id: container, attachment: attachment(choice, hostname) },
        wait,
      ),
    );
    return 'connected';
  });
  const to = container === undefined ? '' : `${container} on `;
  if (options.json)
    writeJson(context, { network: name, ...(container === undefined ? {} : { container }), result });
  else context.stdout.write(`${printable(`${to}${name}: ${result}`)}\n`);
}

/** Whether the network had to be made. */
async function ensureNetwork(
  services: Services,
  name: string,
  options: NetworkConnectOptions,
): Promise<boolean> {
  const configuration = networkConfiguration(name, options);
  const found = (await listNetworks(services)).find(({ id }) => id === name);
  if (found === undefined) {
    const { networks, wait } = services;
    await about('network', name, () => networks.create(configuration, wait));
    return true;
  }
  const plugin = found.resource?.configuration.plugin ?? found.details?.plugin;
  if (options.plugin !== undefined && plugin !== undefined && plugin !== options.plugin) {
    throw exists(name, `network ${name} is there, with plugin ${plugin}`);
  }
  if (isDescribed(options)) throw exists(name, `network ${name} is there already and stays as it is`);
  const { problem } = found.details ?? {};
  if (problem !== undefined && found.details?.state === 'failed') {
    throw new LaunchportError('ERR_NETWORK_STATE', `network ${name} does not work: ${problem.message}`, {
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
      details: { id: name, problem },
    });
  }
  return false;
}

function exists(name: string, message: string): LaunchportError {
  return new LaunchportError('ERR_NETWORK_EXISTS', message, {
    hint: `Choose another name, or delete it: launchport network delete ${name}`,
    details: { id: name },
  });
}
