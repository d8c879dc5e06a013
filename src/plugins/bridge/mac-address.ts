/** Hardware addresses: their text, random ones, and the IPv6 address that follows from one. */
import { randomBytes } from 'node:crypto';
import type { Ipv6Subnet } from './ip-subnet.js';

/** Longest prefix of a subnet whose addresses are made of MACs, which needs 64 bits. */
export const MAX_IPV6_PREFIX = 64;

/** Six octets of two hexadecimal digits, lower case, with colons: what travels and what is stored. */
export type MacAddress = string;

/**
 * Reads six octets between colons, or between dashes, in either case.
 * @throws RangeError also for an address that no interface can have: a group's, or all zeros
 */
export function parseMacAddress(text: string): MacAddress {
  if (!/^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})$/i.test(text)) {
    throw new RangeError(`not a MAC address: ${text}`);
  }
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (octets(mac).every((octet) => octet === 0)) throw new RangeError(`${mac} is no address of an interface`);
  if (((octets(mac)[0] as number) & 1) === 1) throw new RangeError(`${mac} is the address of a group`);
  return mac;
}

/**
 * The address made of six bytes, as apple/container makes them: locally administered, not a group's, and with the top
 * octet f2, f6, fa or fe.
 */
export function macAddressOf(bytes: Uint8Array): MacAddress {
  const top = ((bytes[0] as number) & 0x0c) | 0xf2;
  return [top, ...bytes.subarray(1, 6)].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/** A random address. */
export function randomMacAddress(): MacAddress {
  return macAddressOf(randomBytes(6));
}

/** The address in `subnet` whose lower half is the modified EUI-64 of the MAC (RFC 4291, appendix A). */
export function ipv6AddressOf(mac: MacAddress, subnet: Ipv6Subnet): bigint {
  const [a, b, c, d, e, f] = octets(mac) as [number, number, number, number, number, number];
  const id = [a ^ 2, b, c, 0xff, 0xfe, d, e, f].reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  return ((subnet.base >> 64n) << 64n) | id;
}

/** The MAC that an IPv6 address was made from; undefined when it was not. */
export function macAddressIn(address: bigint): MacAddress | undefined {
  const id = Array.from({ length: 8 }, (_, index) => Number((address >> BigInt(56 - 8 * index)) & 0xffn));
  if (id[3] !== 0xff || id[4] !== 0xfe) return undefined;
  const bytes = [(id[0] as number) ^ 2, id[1], id[2], id[5], id[6], id[7]] as number[];
  return bytes.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

function octets(mac: MacAddress): readonly number[] {
  return mac.split(':').map((octet) => Number.parseInt(octet, 16));
}
