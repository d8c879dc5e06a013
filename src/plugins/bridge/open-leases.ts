/** Begins a network: its subnets, and the leases that an earlier process left. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../../base/index.js';
import { ipv4SubnetText, ipv6SubnetText } from './ip-subnet.js';
import { LeaseBook } from './lease-book.js';
import { LeaseFile, leaseFilePath, readStoredSubnets, type StoredNetwork } from './lease-file.js';
import type { MacAddress } from './mac-address.js';
import type { NetworkSettings } from './network-settings.js';
import { chooseIpv4Subnet, chooseIpv6Subnet, type TakenSubnets } from './subnet-choice.js';

/** A network with its leases. */
export interface OpenLeases {
  readonly network: StoredNetwork;
  readonly book: LeaseBook;
  readonly file: LeaseFile;
}

/** How leases are opened. */
export interface OpenLeasesOptions {
  readonly settings: NetworkSettings;
  /** Of this network; those of the others are beside it. */
  readonly stateDirectory: string;
  readonly logger: Logger;
  /** Subnets the machine uses. */
  readonly readTaken: () => Promise<TakenSubnets>;
  readonly makeMac?: (() => MacAddress) | undefined;
}

/**
 * Given subnets count; else those of the file, so that a network stays what it is; else they are chosen. The file is
 * written before this resolves.
 * @throws the system's error when the file cannot be read or written
 */
export async function openLeases(options: OpenLeasesOptions): Promise<OpenLeases> {
  const { settings, stateDirectory, logger } = options;
  const file = new LeaseFile(leaseFilePath(stateDirectory), logger);
  const stored = await file.load(settings.id);
  const given = {
    ipv4Subnet: settings.ipv4Subnet ?? stored?.ipv4Subnet,
    ipv6Subnet: settings.ipv6Subnet ?? stored?.ipv6Subnet,
  };
  const subnets = await completeSubnets(given, options);
  const network: StoredNetwork = { network: settings.id, ...subnets };
  const book = new LeaseBook(network.ipv4Subnet, options.makeMac);
  const misfits = (stored?.leases ?? []).filter((lease) => !book.restore(lease));
  if (misfits.length > 0) {
    await file.keepAside(
      `leases do not fit into ${ipv4SubnetText(network.ipv4Subnet)}: ${hostnames(misfits)}`,
    );
  }
  if (stored?.next !== undefined) book.rotateTo(stored.next);
  await file.save(network, book);
  return { network, book, file };
}

type Subnets = Pick<StoredNetwork, 'ipv4Subnet' | 'ipv6Subnet'>;

async function completeSubnets(
  { ipv4Subnet, ipv6Subnet }: { readonly [K in keyof Subnets]: Subnets[K] | undefined },
  { settings, stateDirectory, logger, readTaken }: OpenLeasesOptions,
): Promise<Subnets> {
  if (ipv4Subnet !== undefined && ipv6Subnet !== undefined) return { ipv4Subnet, ipv6Subnet };
  const [host, others] = await Promise.all([readTaken(), siblingSubnets(stateDirectory)]);
  const choice4 = chooseIpv4Subnet(settings.id, [...host.ipv4, ...others.ipv4]);
  const choice6 = chooseIpv6Subnet(settings.id, [...host.ipv6, ...others.ipv6]);
  const chosen = { ipv4Subnet: ipv4Subnet ?? choice4.subnet, ipv6Subnet: ipv6Subnet ?? choice6.subnet };
  const isClear =
    (ipv4Subnet !== undefined || choice4.isClear) && (ipv6Subnet !== undefined || choice6.isClear);
  const texts = { ipv4: ipv4SubnetText(chosen.ipv4Subnet), ipv6: ipv6SubnetText(chosen.ipv6Subnet) };
  if (isClear) logger.info('subnets were chosen', texts);
  else logger.warn('subnets were chosen that overlap routes of this machine; give the network others', texts);
  return chosen;
}

/** Networks that are not up have no routes: their files tell what they will use. */
async function siblingSubnets(stateDirectory: string): Promise<TakenSubnets> {
  const parent = dirname(stateDirectory);
  const names = await readdir(parent).catch(() => []);
  const others = names.map((name) => join(parent, name)).filter((path) => path !== stateDirectory);
  return readStoredSubnets(others.map(leaseFilePath));
}

function hostnames(leases: readonly { readonly hostname: string }[]): string {
  const shown = leases.slice(0, 10).map(({ hostname }) => hostname);
  return leases.length > shown.length
    ? `${shown.join(', ')} and ${leases.length - shown.length} more`
    : shown.join(', ');
}
