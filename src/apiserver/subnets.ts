/** Whether two subnets have addresses in common. */
import { BlockList } from 'node:net';

/** Subnets in text, as `10.0.0.0/24` or `fd00::/64`; host bits do not count. Those of two families never overlap. */
export function subnetsOverlap(a: string, b: string): boolean {
  const [first, second] = [parse(a), parse(b)];
  // Of two blocks that overlap one is inside the other.
  return first.family === second.family && (contains(first, second) || contains(second, first));
}

interface Subnet {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

function parse(text: string): Subnet {
  const [address = '', prefix = ''] = text.split('/');
  return { address, prefix: Number(prefix), family: address.includes(':') ? 'ipv6' : 'ipv4' };
}

function contains(outer: Subnet, inner: Subnet): boolean {
  if (outer.prefix > inner.prefix) return false;
  const block = new BlockList();
  block.addSubnet(outer.address, outer.prefix, outer.family);
  return block.check(inner.address, inner.family);
}
