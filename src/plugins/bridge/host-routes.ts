/** The subnets this machine already uses, as far as that can be known without a tool. */
import { readFile } from 'node:fs/promises';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import {
  type Ipv4Subnet,
  type Ipv6Subnet,
  ipv4Subnet,
  ipv6Subnet,
  parseIpv4Subnet,
  parseIpv6,
} from './ip-subnet.js';
import type { TakenSubnets } from './subnet-choice.js';

/** Where routes are read from; for tests. */
export interface RouteSources {
  /** Default `/proc/net`; not there on macOS, where only the subnets of the interfaces are known. */
  readonly directory?: string;
  /** Default those of this machine. */
  readonly interfaces?: NodeJS.Dict<NetworkInterfaceInfo[]>;
}

/** Subnets of the interfaces, and on Linux the destinations of the main routing table; default routes do not count. */
export async function readHostSubnets(sources: RouteSources = {}): Promise<TakenSubnets> {
  const { directory = '/proc/net', interfaces = networkInterfaces() } = sources;
  const cidrs = Object.values(interfaces).flatMap((infos = []) => infos.map(({ cidr }) => cidr ?? ''));
  const [routes, routes6] = await Promise.all([read(`${directory}/route`), read(`${directory}/ipv6_route`)]);
  return {
    ipv4: [
      ...cidrs.filter((cidr) => !cidr.includes(':')).flatMap((cidr) => attempt(() => parseIpv4Subnet(cidr))),
      ...routes.flatMap(ipv4Route),
    ].filter(({ prefix }) => prefix > 0),
    ipv6: [
      ...cidrs.filter((cidr) => cidr.includes(':')).flatMap((cidr) => attempt(() => interfaceSubnet(cidr))),
      ...routes6.flatMap(ipv6Route),
    ].filter(({ prefix }) => prefix > 0),
  };
}

/** Columns: interface, destination, gateway, flags, …, mask at 7; numbers as the machine stores them, which is little-endian. */
function ipv4Route(line: string): Ipv4Subnet[] {
  const [, destination = '', , , , , , mask = ''] = line.trim().split(/\s+/);
  if (!/^[0-9A-F]{8}$/i.test(destination) || !/^[0-9A-F]{8}$/i.test(mask)) return [];
  const prefix = [...Buffer.from(mask, 'hex')].reduce((sum, octet) => sum + bitCount(octet), 0);
  return [ipv4Subnet(Buffer.from(destination, 'hex').readUInt32LE(0), prefix)];
}

/** Columns: destination, prefix length, both hexadecimal. */
function ipv6Route(line: string): Ipv6Subnet[] {
  const [destination = '', length = ''] = line.trim().split(/\s+/);
  if (!/^[0-9a-f]{32}$/i.test(destination) || !/^[0-9a-f]{2}$/i.test(length)) return [];
  const prefix = Number.parseInt(length, 16);
  return prefix > 128 ? [] : [ipv6Subnet(BigInt(`0x${destination}`), prefix)];
}

/** The scope that some systems append is no part of the subnet. */
function interfaceSubnet(cidr: string): Ipv6Subnet {
  const [address = '', prefix = ''] = cidr.replace(/%[^/]*/, '').split('/');
  return ipv6Subnet(parseIpv6(address), Number(prefix));
}

function bitCount(octet: number): number {
  return octet.toString(2).replaceAll('0', '').length;
}

function attempt<T>(read: () => T): T[] {
  try {
    return [read()];
  } catch {
    return [];
  }
}

async function read(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n');
}
