/** On which networks a container is: changed while it does not run, for its next start. */
import type { AttachmentConfiguration, ContainerConfiguration } from '../compat/index.js';
import { routeError } from '../routes/index.js';
import type { ContainerEntry } from './container-entry.js';
import type { ContainerHost, ContainerLifecycle } from './container-lifecycle.js';
import { assertReady } from './lifecycle-errors.js';

/**
 * Puts a container on one more network.
 * @throws LaunchportError, with codes on the wire `notFound` for the network, `exists` when the container is on it or
 *   another container has the hostname, `invalidState` while it runs
 */
export async function connectContainer(
  host: ContainerHost,
  lifecycle: ContainerLifecycle,
  entry: ContainerEntry,
  attachment: AttachmentConfiguration,
): Promise<void> {
  const { network, options } = attachment;
  host.networks.plugin(network);
  await reconfigure(host, lifecycle, entry, ({ networks, ...rest }) => {
    if (networks.some((each) => each.network === network))
      throw routeError('exists', `container ${entry.id} is on network ${network} already`);
    host.table.assertHostname(entry.id, options.hostname);
    return { ...rest, networks: [...networks, attachment] };
  });
}

/**
 * Takes a container off a network.
 * @throws LaunchportError, with codes on the wire `notFound` when it is not on it, `invalidState` while it runs
 */
export async function disconnectContainer(
  host: ContainerHost,
  lifecycle: ContainerLifecycle,
  entry: ContainerEntry,
  network: string,
): Promise<void> {
  await reconfigure(host, lifecycle, entry, ({ networks, ...rest }) => {
    const left = networks.filter((each) => each.network !== network);
    if (left.length === networks.length)
      throw routeError('notFound', `container ${entry.id} is not on network ${network}`);
    return { ...rest, networks: left };
  });
}

async function reconfigure(
  { store }: ContainerHost,
  lifecycle: ContainerLifecycle,
  entry: ContainerEntry,
  change: (configuration: ContainerConfiguration) => ContainerConfiguration,
): Promise<void> {
  await lifecycle.exclusive(entry.id, undefined, async () => {
    assertReady(entry);
    if (entry.run !== undefined || entry.status !== 'stopped') {
      throw routeError(
        'invalidState',
        `container ${entry.id} is ${entry.status}: its networks cannot be changed`,
        {
          hint: `Stop it first: launchport stop ${entry.id}`,
        },
      );
    }
    const before = entry.configuration;
    // At once, so that a network that is being deleted sees it.
    entry.configuration = change(before);
    try {
      await store.writeConfiguration(entry.directory, entry.configuration);
    } catch (error) {
      entry.configuration = before;
      throw error;
    }
  });
}
