/** IPv4 and IPv6 subnets as exact integers: uint32 and 128-bit bigint. Text is ipaddr.js's business. */
import ipaddr from 'ipaddr.js';

/** An IPv4 subnet. */
export interface Ipv4Subnet {
  /** Lowest address, host bits zero; 0 to 2^32 - 1. */
  readonly base: number;
  /** 0 to 32. */
  readonly prefix: number;
}

/** An IPv6 subnet. */
export interface Ipv6Subnet {
  /** Lowest address, host bits zero. */
  readonly base: bigint;
  /** 0 to 128. */
  readonly prefix: number;
}

const ALL_128 = (1n << 128n) - 1n;

/** The number of a dotted quad without leading zeros. @throws RangeError */
export function parseIpv4(text: string): number {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) throw new RangeError(`not an IPv4 address: ${text}`);
  return ipv4Number(ipaddr.IPv4.parse(text).octets);
}

/** The number of an IPv6 address without zone. @throws RangeError */
export function parseIpv6(text: string): bigint {
  if (!ipaddr.IPv6.isValid(text) || text.includes('%')) throw new RangeError(`not an IPv6 address: ${text}`);
  return ipv6Number(ipaddr.IPv6.parse(text).parts);
}

/** Dotted quad. */
export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** As RFC 5952 writes it. */
export function ipv6Text(address: bigint): string {
  const parts = Array.from({ length: 8 }, (_, index) =>
    Number((address >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  return new ipaddr.IPv6(parts).toRFC5952String();
}

/** Reads `address/prefix`; host bits are dropped. @throws RangeError */
export function parseIpv4Subnet(text: string): Ipv4Subnet {
  const [address, prefix] = splitSubnet(text, 32);
  return ipv4Subnet(parseIpv4(address), prefix);
}

/** Reads `address/prefix`; host bits are dropped. @throws RangeError */
export function parseIpv6Subnet(text: string): Ipv6Subnet {
  const [address, prefix] = splitSubnet(text, 128);
  return ipv6Subnet(parseIpv6(address), prefix);
}

/** The subnet of that size that holds the address. */
export function ipv4Subnet(address: number, prefix: number): Ipv4Subnet {
  return { base: address - (address % 2 ** (32 - prefix)), prefix };
}

/** The subnet of that size that holds the address. */
export function ipv6Subnet(address: bigint, prefix: number): Ipv6Subnet {
  return { base: address & (ALL_128 << BigInt(128 - prefix)) & ALL_128, prefix };
}

/** `address/prefix`. */
export function ipv4SubnetText({ base, prefix }: Ipv4Subnet): string {
  return `${ipv4Text(base)}/${prefix}`;
}

/** `address/prefix`. */
export function ipv6SubnetText({ base, prefix }: Ipv6Subnet): string {
  return `${ipv6Text(base)}/${prefix}`;
}

/** The highest address, which is the broadcast address of most subnets. */
export function lastIpv4({ base, prefix }: Ipv4Subnet): number {
  return base + 2 ** (32 - prefix) - 1;
}

/** Whether they share an address. */
export function ipv4Overlap(a: Ipv4Subnet, b: Ipv4Subnet): boolean {
  const prefix = Math.min(a.prefix, b.prefix);
  return ipv4Subnet(a.base, prefix).base === ipv4Subnet(b.base, prefix).base;
}

/** Whether they share an address. */
export function ipv6Overlap(a: Ipv6Subnet, b: Ipv6Subnet): boolean {
  const prefix = Math.min(a.prefix, b.prefix);
  return ipv6Subnet(a.base, prefix).base === ipv6Subnet(b.base, prefix).base;
}

/** Whether the subnet holds the address. */
export function ipv4Contains(subnet: Ipv4Subnet, address: number): boolean {
  return ipv4Overlap(subnet, { base: address, prefix: 32 });
}

/** Whether the subnet holds the address. */
export function ipv6Contains(subnet: Ipv6Subnet, address: bigint): boolean {
  return ipv6Overlap(subnet, { base: address, prefix: 128 });
}

function ipv4Number(octets: readonly number[]): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function ipv6Number(parts: readonly number[]): bigint {
  return parts.reduce((sum, part) => (sum << 16n) | BigInt(part), 0n);
}

function splitSubnet(text: string, bits: number): readonly [string, number] {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null || Number(match[2]) > bits) throw new RangeError(`not an address and prefix: ${text}`);
  return [match[1] as string, Number(match[2])];
}
