/** The routes of a network helper (apple/container, Services/Network), and one of ours that makes the interface too. */
import { defineProtocol, x } from '../routes/index.js';
import { attachment, networkStatus } from './network-json.js';

/** Every network helper serves these. */
export const networkProtocol = defineProtocol({
  name: 'network helper',
  prefix: 'com.apple.container.network/',
  routes: {
    /** The subnets and gateway of the network. */
    status: { reply: { status: x.json(networkStatus) }, isIdempotent: true },
    /**
     * An address for a hostname, held as long as the connection of the request. The MAC address is text with colons or
     * dashes; without one the helper makes it.
     */
    allocate: {
      request: { hostname: x.string(), macAddress: x.string().optional() },
      reply: {
        attachment: x.json(attachment),
        /** What the runtime needs besides to make the interface; known to the two of them. */
        additionalData: x.record().optional(),
      },
    },
    /** What a hostname was given; no attachment when it has none, which is no error. */
    lookup: {
      request: { hostname: x.string() },
      reply: { attachment: x.json(attachment).optional() },
      isIdempotent: true,
    },
  },
});

/** A network helper that makes interfaces itself serves this besides; others answer that the route is unknown. */
export const interfaceProtocol = defineProtocol({
  name: 'network interfaces',
  prefix: 'com.launchport.network/',
  routes: {
    /** As `allocate`, and puts an interface with the address into a network namespace. */
    attach: {
      request: {
        hostname: x.string(),
        macAddress: x.string().optional(),
        /** Name of the interface inside, as `eth0`. */
        interfaceName: x.string(),
        /** An open file of the network namespace. */
        netns: x.fd(),
        mtu: x.uint64().asNumber().optional(),
      },
      reply: {
        attachment: x.json(attachment),
        /** False when there is an address and no interface. */
        isConnected: x.bool(),
        /** Why there is no interface. */
        reason: x.string().optional(),
      },
    },
  },
});

/** Mach service of the helper of network `id`. */
export function networkServiceName(plugin: string, id: string, prefix = 'com.apple.container.'): string {
  return `${prefix}network.${plugin}.${id}`;
}
