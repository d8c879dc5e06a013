/** Chooses how a network makes interfaces on this machine, and starts its name server where it does. */
import { errorText, type Logger } from '../../base/index.js';
import { ipv4SubnetText, ipv4Text, ipv6SubnetText, ipv6Text } from './ip-subnet.js';
import type { LeaseBook } from './lease-book.js';
import type { StoredNetwork } from './lease-file.js';
import { HostNetwork } from './linux/host-network.js';
import { missingForInterfaces } from './linux/privilege.js';
import { runTool } from './linux/tool.js';
import { ipv6AddressOf, macAddressIn } from './mac-address.js';
import type { NameZone } from './name-answers.js';
import { NameServer } from './name-server.js';
import type { NetworkSettings } from './network-settings.js';
import { type Plumbing, withoutPlumbing } from './plumbing.js';

/** What the plumbing of a network is made from. */
export interface PlumbingOptions {
  readonly settings: NetworkSettings;
  readonly network: StoredNetwork;
  readonly stateDirectory: string;
  readonly book: LeaseBook;
  readonly logger: Logger;
}

/** Makes the plumbing of a network. Never rejects: what cannot be done is said to whoever wants an interface. */
export type OpenPlumbing = (options: PlumbingOptions) => Promise<Plumbing>;

/** The plumbing of this machine. */
export const openPlumbing: OpenPlumbing = async (options) => {
  const { logger, settings } = options;
  const missing = settings.hasInterfaces
    ? await missingHere()
    : 'interfaces are switched off for this network';
  if (missing !== undefined) {
    logger.warn('this network manages addresses only', { reason: missing });
    return withoutPlumbing(missing);
  }
  try {
    return await openLinux(options);
  } catch (error) {
    const reason = `the bridge of the network could not be made: ${errorText(error)}`;
    logger.error(reason);
    return withoutPlumbing(reason);
  }
};

async function missingHere(): Promise<string | undefined> {
  if (process.platform === 'linux') return missingForInterfaces(runTool);
  return `on ${process.platform} this plugin makes no interfaces, it manages addresses only`;
}

async function openLinux({
  settings,
  network,
  stateDirectory,
  book,
  logger,
}: PlumbingOptions): Promise<Plumbing> {
  const { ipv4Subnet, ipv6Subnet } = network;
  const gateways = { ipv4: ipv4Text(ipv4Subnet.base + 1), ipv6: ipv6Text(ipv6Subnet.base + 1n) };
  const host = await HostNetwork.start(
    runTool,
    {
      network: settings.id,
      stateDirectory,
      ipv4Gateway: `${gateways.ipv4}/${ipv4Subnet.prefix}`,
      ipv6Gateway: `${gateways.ipv6}/${ipv6Subnet.prefix}`,
      ipv4GatewayAddress: gateways.ipv4,
      ipv6GatewayAddress: gateways.ipv6,
      ipv4Subnet: ipv4SubnetText(ipv4Subnet),
      ipv6Subnet: ipv6SubnetText(ipv6Subnet),
      isInternal: settings.isInternal,
      mtu: settings.mtu,
    },
    book.leases.map(({ hostname }) => hostname),
    logger,
  );
  const zone = nameZone(network, book, host.hasIpv6);
  const names = await NameServer.listen(gateways.ipv4, zone, { logger }).catch((error: unknown) => {
    logger.warn('containers find no names: the name server cannot listen', {
      address: gateways.ipv4,
      error: errorText(error),
    });
    return undefined;
  });
  return {
    attach: (request) => host.attach(request),
    detach: (hostname) => host.detach(hostname),
    close: async () => {
      await names?.close();
      await host.close();
    },
  };
}

/** The leases as the name server sees them. */
export function nameZone(
  { ipv4Subnet, ipv6Subnet }: StoredNetwork,
  book: LeaseBook,
  hasIpv6: boolean,
): NameZone {
  return {
    ipv4Subnet,
    ipv6Subnet,
    find: (name) => {
      const lease = book.find(name);
      if (lease === undefined) return undefined;
      return { ipv4: lease.address, ipv6: hasIpv6 ? ipv6AddressOf(lease.mac, ipv6Subnet) : undefined };
    },
    nameOfIpv4: (address) => book.findByAddress(address)?.hostname,
    nameOfIpv6: (address) => {
      const mac = macAddressIn(address);
      return mac === undefined ? undefined : book.findByMac(mac)?.hostname;
    },
  };
}
