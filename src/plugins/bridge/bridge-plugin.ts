/** The plugin: apple/container's network routes, and ours that makes the interface too, over one network. */
import { join, resolve } from 'node:path';
import { interfaceProtocol, networkProtocol } from '../../compat/index.js';
import { definePlugin, LaunchportError, type PluginContext, routesOf } from '../../sdk/index.js';
import { BridgeNetwork } from './bridge-network.js';
import { readHostSubnets } from './host-routes.js';
import type { MacAddress } from './mac-address.js';
import { networkSettings } from './network-settings.js';
import { openLeases } from './open-leases.js';
import { type OpenPlumbing, openPlumbing } from './open-plumbing.js';
import type { TakenSubnets } from './subnet-choice.js';

/** What the plugin works with; everything has a default, tests give others. */
export interface BridgePluginOptions {
  readonly openPlumbing?: OpenPlumbing;
  readonly readTaken?: () => Promise<TakenSubnets>;
  readonly makeMac?: () => MacAddress;
  /** Waits for the owners of leases after a restart; default a minute. */
  readonly wait?: (signal: AbortSignal) => Promise<void>;
}

/** The network plugin `bridge`. */
export function bridgePlugin(options: BridgePluginOptions = {}) {
  let network: BridgeNetwork | undefined;
  const running = (): BridgeNetwork => {
    if (network === undefined) throw new LaunchportError('ERR_INTERNAL', 'the network has not begun');
    return network;
  };
  return definePlugin({
    name: 'bridge',
    services: {
      network: {
        routes: [
          ...routesOf(networkProtocol, {
            status: () => ({ status: running().status() }),
            allocate: async ({ hostname, macAddress }, { session }) => ({
              attachment: await running().allocate(hostname, macAddress, session),
            }),
            lookup: ({ hostname }) => {
              const attachment = running().lookup(hostname);
              return attachment === undefined ? {} : { attachment };
            },
          }),
          ...routesOf(interfaceProtocol, {
            attach: ({ netns, ...request }, { session }) =>
              running().attach({ ...request, netns: netns.fd }, session),
          }),
        ],
      },
    },
    async start(plugin) {
      network = await begin(plugin, options);
    },
    async stop() {
      await network?.close();
    },
  });
}

async function begin(plugin: PluginContext, options: BridgePluginOptions): Promise<BridgeNetwork> {
  const { logger, terminating } = plugin;
  const settings = networkSettings(plugin);
  const stateDirectory = networkDirectory(plugin, settings.id);
  const leases = await openLeases({
    settings,
    stateDirectory,
    logger,
    readTaken: options.readTaken ?? readHostSubnets,
    makeMac: options.makeMac,
  });
  const { network, book } = leases;
  const open = options.openPlumbing ?? openPlumbing;
  const plumbing = await open({ settings, network, stateDirectory, book, logger });
  return new BridgeNetwork({ settings, leases, plumbing, logger, terminating, wait: options.wait });
}

/** `networks/ID` of the application root, where the API server keeps the network too. */
function networkDirectory({ environment }: PluginContext, id: string): string {
  const root = environment.CONTAINER_APP_ROOT;
  if (root) return join(resolve(root), 'networks', id);
  throw new LaunchportError('ERR_USAGE', 'CONTAINER_APP_ROOT is not set: there is no place for leases', {
    hint: 'The host sets it; by hand, name a directory.',
  });
}
