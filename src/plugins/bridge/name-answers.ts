/** Answers to DNS queries about the hosts of one network. Bytes in, bytes out: no socket, no state. */
import packet, { type Answer, type DecodedPacket, type Packet } from 'dns-packet';
import {
  type Ipv4Subnet,
  type Ipv6Subnet,
  ipv4Contains,
  ipv4Text,
  ipv6Contains,
  ipv6Text,
  parseIpv4,
  parseIpv6,
} from './ip-subnet.js';

/** The hosts that are answered for. */
export interface NameZone {
  readonly ipv4Subnet: Ipv4Subnet;
  readonly ipv6Subnet: Ipv6Subnet;
  /** The addresses of a host, by name without a dot at the end, in any case. */
  find(name: string): { readonly ipv4: number; readonly ipv6: bigint | undefined } | undefined;
  /** The name of a host by its address. */
  nameOfIpv4(address: number): string | undefined;
  nameOfIpv6(address: bigint): string | undefined;
}

/** Longest query that is looked at: what every resolver may send (RFC 9715 recommends less than 1400). */
export const MAX_QUERY_BYTES = 1232;

/** Seconds that an answer may be kept: a name soon has another address. */
const TTL_SECONDS = 5;

const HEADER_BYTES = 12;

/** Response codes (RFC 1035, 6895). */
const Rcode = { ok: 0, formErr: 1, nxDomain: 3, notImp: 4, refused: 5 } as const;

interface Verdict {
  readonly rcode: number;
  readonly answers?: readonly Answer[];
}

/**
 * The reply to one datagram; undefined for what gets none: a response, or less than a header. Names of one label that
 * no host has do not exist, and neither do addresses of this network that are not leased; all other names are refused,
 * so that the client asks its next server.
 */
export function answerQuery(query: Uint8Array, zone: NameZone): Buffer | undefined {
  const bytes = Buffer.from(query.buffer, query.byteOffset, query.byteLength);
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_QUERY_BYTES || (bytes.readUInt8(2) & 0x80) !== 0) {
    return undefined;
  }
  const opcode = (bytes.readUInt8(2) >> 3) & 0xf;
  if (opcode !== 0) return headerOnly(bytes, Rcode.notImp);
  let decoded: DecodedPacket;
  try {
    decoded = packet.decode(bytes);
  } catch {
    return headerOnly(bytes, Rcode.formErr);
  }
  const { questions = [] } = decoded;
  const [question] = questions;
  if (question === undefined || questions.length !== 1) return headerOnly(bytes, Rcode.formErr);
  const { rcode, answers = [] } =
    (question.class ?? 'IN') === 'IN'
      ? verdict(question.name, question.type, zone)
      : { rcode: Rcode.refused };
  return reply(bytes, decoded, rcode, answers);
}

function verdict(asked: string, type: string, zone: NameZone): Verdict {
  const name = asked.toLowerCase().replace(/\.$/, '');
  const reverse = reverseVerdict(name, asked, type, zone);
  if (reverse !== undefined) return reverse;
  const host = zone.find(name);
  if (host === undefined)
    return { rcode: name.includes('.') || name === '' ? Rcode.refused : Rcode.nxDomain };
  const addresses: Answer[] = [{ type: 'A', name: asked, ttl: TTL_SECONDS, data: ipv4Text(host.ipv4) }];
  if (host.ipv6 !== undefined) {
    addresses.push({ type: 'AAAA', name: asked, ttl: TTL_SECONDS, data: ipv6Text(host.ipv6) });
  }
  return { rcode: Rcode.ok, answers: addresses.filter((each) => type === 'ANY' || type === each.type) };
}

/** Undefined for a name that is not an address written backwards (RFC 1035 section 3.5, RFC 3596). */
function reverseVerdict(name: string, asked: string, type: string, zone: NameZone): Verdict | undefined {
  const ipv4 = /^(\d{1,3}(?:\.\d{1,3}){3})\.in-addr\.arpa$/.exec(name)?.[1];
  const ipv6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  let found: string | undefined;
  try {
    if (ipv4 !== undefined) {
      const address = parseIpv4(ipv4.split('.').reverse().join('.'));
      if (!ipv4Contains(zone.ipv4Subnet, address)) return { rcode: Rcode.refused };
      found = zone.nameOfIpv4(address);
    } else if (ipv6 !== undefined) {
      const digits = ipv6.replaceAll('.', '').split('').reverse().join('');
      const address = parseIpv6(digits.replaceAll(/(.{4})(?=.)/g, '$1:'));
      if (!ipv6Contains(zone.ipv6Subnet, address)) return { rcode: Rcode.refused };
      found = zone.nameOfIpv6(address);
    } else return undefined;
  } catch {
    return { rcode: Rcode.refused };
  }
  if (found === undefined) return { rcode: Rcode.nxDomain };
  if (type !== 'PTR' && type !== 'ANY') return { rcode: Rcode.ok };
  const pointer: Answer = { type: 'PTR', name: asked, ttl: TTL_SECONDS, data: found.replace(/\.$/, '') };
  return { rcode: Rcode.ok, answers: [pointer] };
}

function reply(query: Buffer, decoded: DecodedPacket, rcode: number, answers: readonly Answer[]): Buffer {
  const { id = 0, questions = [], additionals = [] } = decoded;
  const isRecursionDesired = (query.readUInt8(2) & 1) !== 0;
  const hasEdns = additionals.some(({ type }) => type === 'OPT');
  const response: Packet = {
    type: 'response',
    id,
    flags: packet.AUTHORITATIVE_ANSWER | (isRecursionDesired ? packet.RECURSION_DESIRED : 0) | rcode,
    questions,
    answers: [...answers],
    // Who speaks EDNS is answered in it (RFC 6891, section 6.1.1).
    additionals: hasEdns ? [edns()] : [],
  };
  try {
    return packet.encode(response);
  } catch {
    // A name that a client can send and this encoder cannot, or a hostname that is none for DNS.
    return headerOnly(query, Rcode.formErr);
  }
}

function edns(): Answer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: MAX_QUERY_BYTES,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } as unknown as Answer;
}

/** A reply that says no more than how it failed. */
function headerOnly(query: Buffer, rcode: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt8(0x80 | (query.readUInt8(2) & 0x79), 2);
  header.writeUInt8(rcode, 3);
  return header;
}
