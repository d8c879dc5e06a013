/** Subnets, hardware addresses, the pool, and the subnet of a network that was given none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressPool } from '../../../src/plugins/bridge/address-pool.js';
import { readHostSubnets } from '../../../src/plugins/bridge/host-routes.js';
import {
  ipv4Contains,
  ipv4Overlap,
  ipv4Subnet,
  ipv4SubnetText,
  ipv4Text,
  ipv6Contains,
  ipv6Overlap,
  ipv6Subnet,
  ipv6SubnetText,
  ipv6Text,
  lastIpv4,
  parseIpv4,
  parseIpv4Subnet,
  parseIpv6,
  parseIpv6Subnet,
} from '../../../src/plugins/bridge/ip-subnet.js';
import {
  ipv6AddressOf,
  macAddressIn,
  macAddressOf,
  parseMacAddress,
  randomMacAddress,
} from '../../../src/plugins/bridge/mac-address.js';
import { chooseIpv4Subnet, chooseIpv6Subnet } from '../../../src/plugins/bridge/subnet-choice.js';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const uint128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

describe('subnets', () => {
  it('read back what they write, and hold exactly their addresses', () => {
    fc.assert(
      fc.property(uint32, fc.integer({ min: 0, max: 32 }), uint32, (address, prefix, other) => {
        const subnet = ipv4Subnet(address, prefix);
        expect(parseIpv4(ipv4Text(address))).toBe(address);
        expect(parseIpv4Subnet(ipv4SubnetText(subnet))).toEqual(subnet);
        expect(parseIpv4Subnet(`${ipv4Text(address)}/${prefix}`)).toEqual(subnet);
        expect(ipv4Contains(subnet, address)).toBe(true);
        expect(ipv4Contains(subnet, other)).toBe(other >= subnet.base && other <= lastIpv4(subnet));
      }),
    );
    fc.assert(
      fc.property(uint128, fc.integer({ min: 0, max: 128 }), uint128, (address, prefix, other) => {
        const subnet = ipv6Subnet(address, prefix);
        expect(parseIpv6(ipv6Text(address))).toBe(address);
        expect(parseIpv6Subnet(ipv6SubnetText(subnet))).toEqual(subnet);
        expect(ipv6Contains(subnet, address)).toBe(true);
        expect(ipv6Contains(subnet, other)).toBe(
          other >> BigInt(128 - prefix) === address >> BigInt(128 - prefix),
        );
      }),
    );
  });

  it('overlap when one holds the other', () => {
    const overlap = (a: string, b: string) => ipv4Overlap(parseIpv4Subnet(a), parseIpv4Subnet(b));
    expect(overlap('10.0.0.0/8', '10.255.0.0/24')).toBe(true);
    expect(overlap('10.0.1.0/24', '10.0.0.0/23')).toBe(true);
    expect(overlap('10.0.1.0/24', '10.0.2.0/24')).toBe(false);
    expect(ipv6Overlap(parseIpv6Subnet('fd00::/8'), parseIpv6Subnet('fd12:3::/64'))).toBe(true);
    expect(ipv6Overlap(parseIpv6Subnet('fd00::/64'), parseIpv6Subnet('fd00:0:0:1::/64'))).toBe(false);
  });

  it('refuse text that is no subnet', () => {
    for (const text of [
      '',
      '10.0.0.0',
      '10.0.0/24',
      '10.0.0.0/33',
      '010.0.0.0/8',
      '10.0.0.0/08',
      '::/0',
      '1.2.3.4/-1',
    ]) {
      expect(() => parseIpv4Subnet(text), text).toThrow(RangeError);
    }
    for (const text of ['', 'fd00::', 'fd00::/129', 'fd00::%eth0/64', '10.0.0.0/8', 'fd00:::/64']) {
      expect(() => parseIpv6Subnet(text), text).toThrow(RangeError);
    }
  });

  it('write IPv6 as RFC 5952 has it', () => {
    expect(ipv6SubnetText(parseIpv6Subnet('FD00:0:0:0:0:0:0:1/64'))).toBe('fd00::/64');
    expect(ipv6Text(parseIpv6('2001:db8:0:0:1:0:0:1'))).toBe('2001:db8::1:0:0:1');
  });
});

describe('hardware addresses', () => {
  it('are read with colons or dashes in either case, and written in lower case', () => {
    expect(parseMacAddress('F2-AB-00-01-02-0C')).toBe('f2:ab:00:01:02:0c');
    expect(parseMacAddress('f2:AB:00:01:02:0c')).toBe('f2:ab:00:01:02:0c');
  });

  it('are refused when no interface can have them', () => {
    const wrong = [
      '',
      'f2:ab:00:01:02',
      'f2:ab:00:01:02:0c:0d',
      'f2-ab:00:01:02:0c',
      ' f2:ab:00:01:02:0c',
      'f2ab0001020c',
    ];
    for (const text of [...wrong, '00:00:00:00:00:00', '01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff']) {
      expect(() => parseMacAddress(text), text).toThrow(RangeError);
    }
  });

  it('are made with the top octet of apple/container', () => {
    expect(macAddressOf(new Uint8Array(6))).toBe('f2:00:00:00:00:00');
    expect(macAddressOf(new Uint8Array(6).fill(255))).toBe('fe:ff:ff:ff:ff:ff');
    for (let count = 0; count < 100; count++)
      expect(randomMacAddress()).toMatch(/^f[26ae](?::[0-9a-f]{2}){5}$/);
  });

  it('give an IPv6 address, and are found in it again', () => {
    const subnet = parseIpv6Subnet('fd01:2:3:4::/64');
    expect(ipv6Text(ipv6AddressOf('f2:ab:00:01:02:0c', subnet))).toBe('fd01:2:3:4:f0ab:ff:fe01:20c');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), uint128, (bytes, base) => {
        const mac = macAddressOf(bytes);
        const address = ipv6AddressOf(mac, ipv6Subnet(base, 64));
        expect(ipv6Contains(ipv6Subnet(base, 64), address)).toBe(true);
        expect(macAddressIn(address)).toBe(mac);
      }),
    );
    expect(macAddressIn(parseIpv6('fd01::1'))).toBeUndefined();
  });
});

describe('the pool', () => {
  it('plugin case 58: begins two above the lowest address and has highest - lowest - 3', () => {
    const pool = new AddressPool(parseIpv4Subnet('10.0.0.0/24'));
    expect(pool.size).toBe(252);
    expect(ipv4Text(pool.take() as number)).toBe('10.0.0.2');
    const small = new AddressPool(parseIpv4Subnet('10.0.0.8/29'));
    expect(Array.from({ length: 5 }, () => small.take()).map((each) => each && ipv4Text(each))).toEqual([
      '10.0.0.10',
      '10.0.0.11',
      '10.0.0.12',
      '10.0.0.13',
      undefined,
    ]);
    for (const prefix of [30, 31, 32]) {
      expect(() => new AddressPool(parseIpv4Subnet(`10.0.0.0/${prefix}`))).toThrow(RangeError);
    }
  });

  it('gives a freed address again only after all others', () => {
    const pool = new AddressPool(parseIpv4Subnet('10.0.0.0/29'));
    const first = pool.take() as number;
    pool.free(first);
    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual([
      first + 1,
      first + 2,
      first + 3,
      first,
    ]);
  });

  it('never gives an address twice, one outside, or none while there is one', () => {
    const step = fc.oneof(
      fc.constant('take' as const),
      fc.record({ free: fc.nat(20) }),
      fc.record({ claim: fc.integer({ min: -2, max: 16 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const pool = new AddressPool(parseIpv4Subnet('192.168.7.0/28'));
        const used = new Set<number>();
        for (const each of steps) {
          if (each === 'take') {
            const address = pool.take();
            if (address === undefined) expect(used.size).toBe(pool.size);
            else {
              expect(used.has(address)).toBe(false);
              expect(pool.holds(address)).toBe(true);
              used.add(address);
            }
          } else if ('free' in each) {
            const address = [...used][each.free % Math.max(used.size, 1)];
            if (address !== undefined) pool.free(address);
            used.delete(address as number);
          } else {
            const address = pool.first + each.claim;
            expect(pool.claim(address)).toBe(pool.holds(address) && !used.has(address));
            if (pool.holds(address)) used.add(address);
          }
          expect(pool.used).toBe(used.size);
        }
      }),
    );
  });
});

describe('the subnet of a network that was given none', () => {
  it('is the same each time, another for another name, and a private /24', () => {
    const names = Array.from({ length: 200 }, (_, index) => `net-${index}`);
    const subnets = names.map((name) => chooseIpv4Subnet(name, []));
    expect(names.map((name) => chooseIpv4Subnet(name, []))).toEqual(subnets);
    expect(new Set(subnets.map(({ subnet }) => subnet.base)).size).toBeGreaterThan(190);
    for (const { subnet, isClear } of subnets) {
      expect(isClear).toBe(true);
      expect(subnet.prefix).toBe(24);
      expect(ipv4Overlap(subnet, parseIpv4Subnet('10.64.0.0/10'))).toBe(true);
    }
    expect(chooseIpv6Subnet('a', [])).toEqual(chooseIpv6Subnet('a', []));
    expect(ipv6SubnetText(chooseIpv6Subnet('a', []).subnet)).toMatch(/^fd.*\/64$/);
  });

  it('stays clear of what is taken, if anything is left', () => {
    const first = chooseIpv4Subnet('a', []).subnet;
    const second = chooseIpv4Subnet('a', [first]);
    expect(ipv4Overlap(second.subnet, first)).toBe(false);
    const vpn = chooseIpv4Subnet('a', [parseIpv4Subnet('10.0.0.0/8')]);
    expect(vpn.isClear).toBe(true);
    expect(ipv4Overlap(vpn.subnet, parseIpv4Subnet('172.16.0.0/12'))).toBe(true);
    const all = ['10.0.0.0/8', '172.0.0.0/8', '192.0.0.0/8'].map(parseIpv4Subnet);
    expect(chooseIpv4Subnet('a', all)).toEqual({ subnet: first, isClear: false });
    const six = chooseIpv6Subnet('a', []).subnet;
    expect(ipv6Overlap(chooseIpv6Subnet('a', [six]).subnet, six)).toBe(false);
    expect(chooseIpv6Subnet('a', [parseIpv6Subnet('fc00::/7')])).toEqual({ subnet: six, isClear: false });
  });

  it('knows the routes of a Linux machine, and the interfaces of any', async () => {
    const subnets = await readHostSubnets({
      directory: `${import.meta.dirname}/routes`,
      interfaces: {
        en0: [
          {
            family: 'IPv4',
            address: '192.168.5.9',
            netmask: '255.255.255.0',
            mac: '',
            internal: false,
            cidr: '192.168.5.9/24',
          },
        ],
        en1: [
          {
            family: 'IPv6',
            address: 'fd07::1',
            netmask: '',
            mac: '',
            internal: false,
            cidr: 'fd07::1/48',
            scopeid: 0,
          },
        ],
        odd: [{ family: 'IPv4', address: '', netmask: '', mac: '', internal: false, cidr: null }],
      },
    });
    expect(subnets.ipv4.map(ipv4SubnetText)).toEqual(['192.168.5.0/24', '172.17.0.0/16']);
    expect(subnets.ipv6.map(ipv6SubnetText)).toEqual(['fd07::/48', 'fd0a:1::/64']);
    expect(await readHostSubnets({ directory: '/nowhere', interfaces: {} })).toEqual({ ipv4: [], ipv6: [] });
  });
});
