/** `launchport network disconnect`: takes a container off a network. */
import { printable } from '../../base/index.js';
import { serverProtocol } from '../../harness/index.js';
import { assertContainerId, assertNetworkName } from '../../plugin/index.js';
import { about } from '../containers/failure.js';
import { assertOwnServer, type ServerOptions, withServices } from '../containers/server.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** Changes a container that does not run. @throws LaunchportError ERR_CONTAINER_STATE when it does */
export async function networkDisconnect(
  context: CliContext,
  network: string,
  container: string,
  options: GlobalOptions & ServerOptions,
): Promise<void> {
  assertNetworkName(network);
  assertContainerId(container);
  await withServices(context, options, async (services) => {
    await assertOwnServer(services, 'detach containers');
    const { client, wait } = services;
    await about('container', container, () =>
      client.call(serverProtocol.routes.containerDisconnect, { id: container, network }, wait),
    );
  });
  if (options.json) writeJson(context, { network, container, result: 'disconnected' });
  else context.stdout.write(`${printable(`${container} on ${network}: disconnected`)}\n`);
}
