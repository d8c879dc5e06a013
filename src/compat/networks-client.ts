/** Client of the networks of an API server, ours or upstream's. */
import { LaunchportError } from '../base/index.js';
import type { CallOptions } from '../routes/index.js';
import { type Caller, TIMEOUTS, within } from './client-calls.js';
import type { NetworkConfiguration, NetworkResource } from './network-json.js';
import { networksProtocol } from './networks-protocol.js';

const { routes } = networksProtocol;

/** Calls the network routes. All throw LaunchportError as `RouteClient.call`. */
export class NetworksClient {
  readonly caller: Caller;

  /** Over a `RouteClient` or an `ApiClient`. */
  constructor(caller: Caller) {
    this.caller = caller;
  }

  /** Makes a network and starts its helper. */
  async create(networkConfig: NetworkConfiguration, options?: CallOptions): Promise<NetworkResource> {
    const body = { networkId: networkConfig.name, networkConfig };
    return (await this.caller.call(routes.networkCreate, body, within(TIMEOUTS.usual, options)))
      .networkResource;
  }

  /** All networks. Upstream allows one second here, which a busy host can take. */
  async list(options?: CallOptions): Promise<readonly NetworkResource[]> {
    return (await this.caller.call(routes.networkList, {}, options)).networkResources;
  }

  /** One network. @throws ERR_REMOTE with details.code `notFound`, as a server would say it */
  async get(id: string, options?: CallOptions): Promise<NetworkResource> {
    const found = (await this.list(options)).find((network) => network.id === id);
    if (found !== undefined) return found;
    throw new LaunchportError('ERR_REMOTE', `there is no network ${id}`, {
      details: { code: 'notFound', message: `network ${id} not found`, id },
    });
  }

  /** Deletes a network. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.caller.call(routes.networkDelete, { networkId: id }, options);
  }
}
