/** Addresses as text: one form out, whatever form came in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalCidr,
  canonicalIp,
  canonicalIpv4,
  canonicalIpv6,
  canonicalMac,
} from '../../src/compat/index.js';

const words = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })), { minLength: 8, maxLength: 8 });

/** RFC 5952 by the book: the leftmost longest run of two or more zeros becomes `::`. */
function bookForm(groups: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

describe('IPv6', () => {
  it('is written as RFC 5952 has it, for every address', () => {
    fc.assert(
      fc.property(words, (groups) => {
        const long = groups.map((group) => group.toString(16).toUpperCase().padStart(4, '0')).join(':');
        expect(canonicalIpv6(long)).toBe(bookForm(groups));
        expect(canonicalIpv6(bookForm(groups))).toBe(bookForm(groups));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['2001:DB8::0:1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['FE80::1%en0', 'fe80::1%en0'],
    ['0:0:0:0:0:0:0:0', '::'],
  ])('%s becomes %s', (text, expected) => {
    expect(canonicalIpv6(text)).toBe(expected);
  });

  it.each(['', ':', ':::', '1:2:3:4:5:6:7', '1::2::3', 'g::', '1.2.3.4', '::1%', '12345::', '[::1]'])(
    '%j is none',
    (text) => expect(canonicalIpv6(text)).toBeUndefined(),
  );
});

describe('IPv4 and CIDR', () => {
  const octets = fc.array(fc.nat({ max: 255 }), { minLength: 4, maxLength: 4 });

  it('keep every address, and the bits behind the prefix', () => {
    fc.assert(
      fc.property(octets, fc.nat({ max: 32 }), (parts, prefix) => {
        const text = parts.join('.');
        expect(canonicalIpv4(text)).toBe(text);
        expect(canonicalIp(text)).toBe(text);
        expect(canonicalCidr(`${text}/${prefix}`, 4)).toBe(`${text}/${prefix}`);
        expect(canonicalCidr(`${text}/${prefix}`, 6)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(words, fc.nat({ max: 128 }), (groups, prefix) => {
        const long = groups.map((group) => group.toString(16)).join(':');
        expect(canonicalCidr(`${long}/${prefix}`, 6)).toBe(`${bookForm(groups)}/${prefix}`);
        expect(canonicalCidr(`${long}/${prefix}`, 4)).toBeUndefined();
      }),
    );
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.-1',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
  ])('%j is no IPv4 address', (text) => expect(canonicalIpv4(text)).toBeUndefined());

  it.each([
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/+8',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '/8',
    '::/129',
  ])('%j is no CIDR', (text) => expect(canonicalCidr(text)).toBeUndefined());
});

describe('MAC addresses', () => {
  it('are written in lower case with colons, however they came', () => {
    const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(bytes, fc.constantFrom(':', '-'), fc.boolean(), (address, separator, isUpper) => {
        const hex = [...address].map((byte) => byte.toString(16).padStart(2, '0'));
        const text = hex.join(separator);
        expect(canonicalMac(isUpper ? text.toUpperCase() : text)).toBe(hex.join(':'));
      }),
    );
  });

  it.each([
    '',
    '01:23:45:67:89',
    '01:23:45:67:89:a',
    '01:23:45:67:89:hi',
    '01:23-45:67-89:ab',
    ' 01:23:45:67:89:ab',
  ])('%j is none', (text) => expect(canonicalMac(text)).toBeUndefined());
});
