/** A network as `network create` and `network connect` describe it. */
import { canonicalCidr, type NetworkConfiguration } from '../../compat/index.js';
import { assertNetworkName } from '../../plugin/index.js';
import { parsePairs } from './pairs.js';
import { badValue } from './usage.js';

/** Options of both, as typed. */
export interface NetworkDefinitionOptions {
  readonly plugin?: string;
  readonly internal?: boolean;
  readonly subnet?: string;
  readonly subnetV6?: string;
  readonly label: readonly string[];
  readonly option: readonly string[];
}

/** The plugin of networks that name none. */
export const DEFAULT_PLUGIN = 'bridge';

/** The configuration of network `name`. @throws LaunchportError ERR_USAGE, ERR_PLUGIN_INSTANCE for a bad name */
export function networkConfiguration(name: string, options: NetworkDefinitionOptions): NetworkConfiguration {
  assertNetworkName(name);
  const ipv4Subnet = subnetOf('--subnet', options.subnet, 4);
  const ipv6Subnet = subnetOf('--subnet-v6', options.subnetV6, 6);
  return {
    name,
    creationDate: new Date(),
    mode: options.internal ? 'hostOnly' : 'nat',
    ...(ipv4Subnet === undefined ? {} : { ipv4Subnet }),
    ...(ipv6Subnet === undefined ? {} : { ipv6Subnet }),
    labels: parsePairs('--label', options.label),
    plugin: options.plugin ?? DEFAULT_PLUGIN,
    options: parsePairs('--option', options.option),
  };
}

/** Whether anything was said of the network besides its plugin. */
export function isDescribed(options: NetworkDefinitionOptions): boolean {
  const { internal, subnet, subnetV6, label, option } = options;
  return (
    internal === true || subnet !== undefined || subnetV6 !== undefined || label.length + option.length > 0
  );
}

function subnetOf(option: string, text: string | undefined, version: 4 | 6): string | undefined {
  if (text === undefined) return undefined;
  const subnet = canonicalCidr(text, version);
  if (subnet !== undefined) return subnet;
  throw badValue(
    option,
    text,
    version === 4 ? 'a subnet such as 10.1.2.0/24' : 'a subnet such as fd00:1::/64',
  );
}
