/** The routes of the API server for networks, as upstream has them. */
import { defineProtocol, x } from '../routes/index.js';
import { list } from './json.js';
import { networkConfiguration, networkResource } from './network-json.js';

/** Networks, by the names that travel. Upstream serves them on macOS 26 and later. */
export const networksProtocol = defineProtocol({
  name: 'networks',
  routes: {
    networkCreate: {
      request: {
        /** The name of the configuration once more; nobody reads it. */
        networkId: x.string().optional(),
        networkConfig: x.json(networkConfiguration),
      },
      reply: { networkResource: x.json(networkResource) },
    },
    networkList: {
      reply: { networkResources: x.json(list(networkResource)) },
      isIdempotent: true,
    },
    networkDelete: { request: { networkId: x.string() } },
  },
});
