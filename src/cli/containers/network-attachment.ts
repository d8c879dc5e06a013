/** `--network NETWORK[,mac=…][,mtu=…]`: where a container is attached. */
import { type AttachmentConfiguration, canonicalMac } from '../../compat/index.js';
import { assertNetworkName } from '../../plugin/index.js';
import { badValue } from './usage.js';

/** The word for no network at all. */
export const NO_NETWORK = 'none';
/** A network as named on the command line. */
export interface NetworkChoice {
  readonly network: string;
  readonly macAddress?: string;
  /** Bytes of the largest packet; the plugin's own unless given. */
  readonly mtu?: number;
}

/** Reads the option. @throws LaunchportError ERR_USAGE */
export function parseNetwork(text: string): NetworkChoice {
  const option = '--network';
  const [network = '', ...properties] = text.split(',');
  assertNetworkName(network);
  let macAddress: string | undefined;
  let mtu: number | undefined;
  for (const property of properties) {
    const [key, value = ''] = property.split(/=(.*)/s);
    const mac = key === 'mac' ? canonicalMac(value) : undefined;
    if (mac !== undefined) macAddress = mac;
    else if (key === 'mtu' && /^\d{4,5}$/.test(value) && Number(value) >= 1280 && Number(value) <= 65_535)
      mtu = Number(value);
    else throw badValue(option, property, 'mac=XX:XX:XX:XX:XX:XX or mtu=NUMBER from 1280 to 65535');
  }
  return {
    network,
    ...(macAddress === undefined ? {} : { macAddress }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

/** Reads all of them; `none` must stand alone and means none. @throws LaunchportError ERR_USAGE */
export function parseNetworks(texts: readonly string[]): readonly NetworkChoice[] {
  if (texts.includes(NO_NETWORK)) {
    if (texts.length === 1) return [];
    throw badValue('--network', NO_NETWORK, 'no other network beside none');
  }
  const choices = texts.map(parseNetwork);
  choices.forEach(({ network }, index) => {
    if (choices.findIndex((other) => other.network === network) !== index) {
      throw badValue('--network', network, 'each network once');
    }
  });
  return choices;
}

/** The attachment in a container's configuration. */
export function attachment(
  { network, ...options }: NetworkChoice,
  hostname: string,
): AttachmentConfiguration {
  return { network, options: { hostname, ...options } };
}
