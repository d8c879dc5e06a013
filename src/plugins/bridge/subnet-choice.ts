/** The subnets of a network that was given none: always the same for the same name, and clear of the host's routes. */
import { createHash } from 'node:crypto';
import {
  type Ipv4Subnet,
  type Ipv6Subnet,
  ipv4Overlap,
  ipv4Subnet,
  ipv6Overlap,
  parseIpv4Subnet,
} from './ip-subnet.js';

/** Subnets that are in use. */
export interface TakenSubnets {
  readonly ipv4: readonly Ipv4Subnet[];
  readonly ipv6: readonly Ipv6Subnet[];
}

/** A choice; not clear when everything there is to choose from overlaps something. */
export interface SubnetChoice<S> {
  readonly subnet: S;
  readonly isClear: boolean;
}

/** Private ranges that /24 networks are chosen from, in this order: the later ones when the host routes the earlier. */
const IPV4_RANGES = ['10.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'].map(parseIpv4Subnet);

/** Tries for an IPv6 subnet: of 2^56 hardly one is taken. */
const IPV6_TRIES = 64;

/**
 * A /24: in each range the search begins where the hash of the network's name points, and goes on in steps of one. When
 * all are taken, the first of all.
 */
export function chooseIpv4Subnet(network: string, taken: readonly Ipv4Subnet[]): SubnetChoice<Ipv4Subnet> {
  const hash = digest(network, 'ipv4').readUInt32BE(0);
  const candidate = (range: Ipv4Subnet, step: number) => {
    const count = 2 ** (24 - range.prefix);
    return ipv4Subnet(range.base + ((hash + step) % count) * 256, 24);
  };
  for (const range of IPV4_RANGES) {
    // A VPN often routes a whole range: then there is nothing to try in it.
    if (taken.some((each) => each.prefix <= range.prefix && ipv4Overlap(each, range))) continue;
    for (let step = 0; step < 2 ** (24 - range.prefix); step++) {
      const subnet = candidate(range, step);
      if (!taken.some((each) => ipv4Overlap(each, subnet))) return { subnet, isClear: true };
    }
  }
  return { subnet: candidate(IPV4_RANGES[0] as Ipv4Subnet, 0), isClear: false };
}

/** A /64 of the unique local addresses, fd00::/8 (RFC 4193), from the hash of the network's name. */
export function chooseIpv6Subnet(network: string, taken: readonly Ipv6Subnet[]): SubnetChoice<Ipv6Subnet> {
  const candidate = (attempt: number): Ipv6Subnet => {
    const bits = digest(network, `ipv6 ${attempt}`).readBigUInt64BE(0) & 0x00ff_ffff_ffff_ffffn;
    return { base: ((0xfdn << 56n) | bits) << 64n, prefix: 64 };
  };
  for (let attempt = 0; attempt < IPV6_TRIES; attempt++) {
    const subnet = candidate(attempt);
    if (!taken.some((each) => ipv6Overlap(each, subnet))) return { subnet, isClear: true };
  }
  return { subnet: candidate(0), isClear: false };
}

function digest(network: string, use: string): Buffer {
  return createHash('sha256').update(`launchport network ${network}\0${use}`).digest();
}
