/** `launchport network delete`: deletes networks that no container uses. */
import { assertNetworkName } from '../../plugin/index.js';
import { changeEach, chosen } from '../containers/each.js';
import { about } from '../containers/failure.js';
import { isBuiltin, listNetworks } from '../containers/network-listing.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import type { CliContext, GlobalOptions } from '../context.js';

/** Deletes networks side by side; `all` leaves those alone that are built in. */
export async function networkDelete(
  context: CliContext,
  names: readonly string[],
  options: GlobalOptions & ServerOptions & { readonly all?: boolean },
): Promise<void> {
  for (const name of names) assertNetworkName(name);
  await withServices(context, options, async (services) => {
    const { networks, wait } = services;
    const ids = await chosen('network', names, options.all, async () =>
      (await listNetworks(services)).filter((network) => !isBuiltin(network)).map(({ id }) => id),
    );
    await changeEach(context, options, ids, (id) =>
      about('network', id, async () => {
        await networks.delete(id, wait);
        return { result: 'deleted' };
      }),
    );
  });
}
