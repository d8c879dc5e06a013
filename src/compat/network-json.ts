/** JSON of networks and of what attaches to them (apple/container, ContainerResource/Network). */
import * as z from 'zod';
import { ipv4Address, ipv4Cidr, ipv6Cidr, macAddress } from './addresses.js';
import { appleDate, payload, stringMap, uint32 } from './json.js';

/** The network plugin of a network that names none. */
export const DEFAULT_NETWORK_PLUGIN = 'container-network-vmnet';

const NETWORK_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

/** The date of what was made before dates were kept: 1970. */
export const unknownDate = (): Date => new Date(0);

/** What a network plugin says of its network. */
export const networkStatus = payload({
  ipv4Subnet: ipv4Cidr,
  ipv4Gateway: ipv4Address,
  ipv6Subnet: ipv6Cidr.optional(),
});
/** See {@link networkStatus}. */
export type NetworkStatus = z.output<typeof networkStatus>;

/** A container's place on a network. `address` and `gateway` of older versions are read. */
export const attachment = payload(
  {
    network: z.string(),
    hostname: z.string(),
    /** The container's own address, with the prefix length of the subnet. */
    ipv4Address: ipv4Cidr,
    ipv4Gateway: ipv4Address,
    ipv6Address: ipv6Cidr.optional(),
    macAddress: macAddress.optional(),
    mtu: uint32.optional(),
    /** How the runtime is to make the interface; the plugin's own word. */
    variant: z.string().optional(),
  },
  {
    modernise: (json) => {
      rename(json, 'address', 'ipv4Address');
      rename(json, 'gateway', 'ipv4Gateway');
    },
  },
);
/** See {@link attachment}. */
export type Attachment = z.output<typeof attachment>;

/** How a container asks for a network. */
export const attachmentConfiguration = payload({
  network: z.string(),
  options: payload({
    hostname: z.string(),
    macAddress: macAddress.optional(),
    mtu: uint32.optional(),
  }),
});
/** See {@link attachmentConfiguration}. */
export type AttachmentConfiguration = z.output<typeof attachmentConfiguration>;

/** A network as it was asked for. `id`, `subnet` and `pluginInfo` of older versions are read. */
export const networkConfiguration = payload(
  {
    name: z.string().regex(NETWORK_NAME, 'not a network name'),
    creationDate: appleDate.default(unknownDate),
    mode: z.enum(['nat', 'hostOnly']),
    ipv4Subnet: ipv4Cidr.optional(),
    ipv6Subnet: ipv6Cidr.optional(),
    labels: stringMap.default({}),
    plugin: z.string().default(DEFAULT_NETWORK_PLUGIN),
    options: stringMap.default({}),
  },
  {
    modernise: (json) => {
      rename(json, 'id', 'name');
      rename(json, 'subnet', 'ipv4Subnet');
      takePluginInfo(json);
    },
  },
);
/** See {@link networkConfiguration}. */
export type NetworkConfiguration = z.output<typeof networkConfiguration>;

/** A network that exists. `id` is the name of its configuration, whatever was written. */
export const networkResource = payload(
  {
    id: z.string(),
    configuration: networkConfiguration,
    status: networkStatus,
  },
  {
    modernise: (json) => {
      const { configuration } = json;
      if (isObject(configuration)) json.id = configuration.name ?? configuration.id;
    },
  },
);
/** See {@link networkResource}. */
export type NetworkResource = z.output<typeof networkResource>;

/** Gives what stands under an old key its new one, unless that is there. */
function rename(json: Record<string, unknown>, old: string, key: string): void {
  const value = json[old];
  if (value === undefined) return;
  json[key] ??= value;
  delete json[old];
}

/** Once a plugin and its variant were one object. */
function takePluginInfo(json: Record<string, unknown>): void {
  const { pluginInfo, plugin } = json;
  delete json.pluginInfo;
  if (plugin !== undefined && plugin !== null) return;
  delete json.options;
  if (!isObject(pluginInfo)) return;
  json.plugin = pluginInfo.plugin;
  const { variant } = pluginInfo;
  json.options = variant === undefined || variant === null ? {} : { variant };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
