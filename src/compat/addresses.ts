/** Addresses as text: read in the forms that apple/container reads, always written in one. */
import ipaddr from 'ipaddr.js';
import * as z from 'zod';

/** IPv4 in dotted decimal, without leading zeros; undefined for anything else. */
export function canonicalIpv4(text: string): string | undefined {
  const octet = '(?:0|[1-9][0-9]{0,2})';
  if (!new RegExp(`^${octet}(?:\\.${octet}){3}$`).test(text)) return undefined;
  return text.split('.').every((part) => Number(part) <= 255) ? text : undefined;
}

/** IPv6 as RFC 5952 writes it, with its zone; undefined for anything else. */
export function canonicalIpv6(text: string): string | undefined {
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const [, zone] = text.split('%', 2);
  if (zone === '') return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.toRFC5952String();
}

/** An address of either kind. */
export function canonicalIp(text: string): string | undefined {
  return canonicalIpv4(text) ?? canonicalIpv6(text);
}

/** Address and prefix length. The bits behind the prefix stay: `10.0.0.2/24` is a host in its network. */
export function canonicalCidr(text: string, version?: 4 | 6): string | undefined {
  const [address = '', prefix = '', ...more] = text.split('/');
  if (more.length > 0 || !/^(?:0|[1-9][0-9]{0,2})$/.test(prefix)) return undefined;
  const ipv4 = version === 6 ? undefined : canonicalIpv4(address);
  const ipv6 = version === 4 ? undefined : canonicalIpv6(address);
  const canonical = ipv4 ?? ipv6;
  const isInRange = Number(prefix) <= (ipv4 === undefined ? 128 : 32);
  return canonical !== undefined && isInRange ? `${canonical}/${prefix}` : undefined;
}

/** A MAC address in lower case with colons; colons or dashes are read, not both. */
export function canonicalMac(text: string): string | undefined {
  const isMac = /^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})$/i.test(text);
  return isMac ? text.toLowerCase().replaceAll('-', ':') : undefined;
}

function textForm(what: string, canonical: (text: string) => string | undefined) {
  const convert = (text: string, context: z.core.ParsePayload): string => {
    const result = canonical(text);
    if (result !== undefined) return result;
    context.issues.push({ code: 'custom', message: `not ${what}`, input: text });
    return z.NEVER;
  };
  return z.codec(z.string(), z.string(), { decode: convert, encode: convert });
}

/** An IPv4 address. */
export const ipv4Address = textForm('an IPv4 address', canonicalIpv4);
/** An IPv6 address. */
export const ipv6Address = textForm('an IPv6 address', canonicalIpv6);
/** An address of either kind. */
export const ipAddress = textForm('an IP address', canonicalIp);
/** An IPv4 address with its prefix length. */
export const ipv4Cidr = textForm('an IPv4 address with a prefix length', (text) => canonicalCidr(text, 4));
/** An IPv6 address with its prefix length. */
export const ipv6Cidr = textForm('an IPv6 address with a prefix length', (text) => canonicalCidr(text, 6));
/** A MAC address. */
export const macAddress = textForm('a MAC address', canonicalMac);
