/** The DNS server of a network: what it answers, what it refuses, and that nothing a client sends harms it. */
import { createSocket } from 'node:dgram';
import packet, { type DecodedPacket, type Question, type RecordType } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import {
  parseIpv4,
  parseIpv4Subnet,
  parseIpv6,
  parseIpv6Subnet,
} from '../../../src/plugins/bridge/ip-subnet.js';
import { answerQuery, MAX_QUERY_BYTES, type NameZone } from '../../../src/plugins/bridge/name-answers.js';
import { NameServer } from '../../../src/plugins/bridge/name-server.js';

const WEB = { ipv4: parseIpv4('10.1.0.2'), ipv6: parseIpv6('fd01::f0ab:ff:fe01:20c') };

function makeZone(ipv4Subnet = '10.1.0.0/24'): NameZone {
  return {
    ipv4Subnet: parseIpv4Subnet(ipv4Subnet),
    ipv6Subnet: parseIpv6Subnet('fd01::/64'),
    find: (name) => (name === 'web' || name === 'db.test' ? WEB : undefined),
    nameOfIpv4: (address) => (address === WEB.ipv4 ? 'web' : undefined),
    nameOfIpv6: (address) => (address === WEB.ipv6 ? 'db.test.' : undefined),
  };
}

const zone = makeZone();

function query(name: string, type: RecordType, more: Partial<packet.Packet> = {}): Buffer {
  return packet.encode({
    type: 'query',
    id: 7,
    flags: packet.RECURSION_DESIRED,
    questions: [{ name, type }],
    ...more,
  });
}

function ask(
  name: string,
  type: RecordType,
  more?: Partial<packet.Packet>,
): DecodedPacket & { rcode: string } {
  const reply = answerQuery(query(name, type, more), zone);
  expect(reply).toBeDefined();
  return packet.decode(reply as Buffer) as DecodedPacket & { rcode: string };
}

const data = ({ answers = [] }: DecodedPacket) =>
  answers.map((answer) => ('data' in answer ? answer.data : undefined));

const REVERSE_6 = 'c.0.2.0.1.0.e.f.f.f.0.0.b.a.0.f.0.0.0.0.0.0.0.0.0.0.0.0.1.0.d.f.ip6.arpa';

describe('answers', () => {
  it('are the addresses of a host, under the name and id that were asked', () => {
    const reply = ask('Web', 'A');
    expect(reply).toMatchObject({ id: 7, type: 'response', rcode: 'NOERROR', flag_aa: true, flag_rd: true });
    expect(reply.questions).toEqual([{ name: 'Web', type: 'A', class: 'IN' }]);
    expect(reply.answers).toMatchObject([{ name: 'Web', type: 'A', data: '10.1.0.2', ttl: 5 }]);
    expect(data(ask('WEB', 'AAAA'))).toEqual(['fd01::f0ab:ff:fe01:20c']);
    expect(data(ask('db.test', 'A'))).toEqual(['10.1.0.2']);
    expect(data(ask('web', 'ANY' as RecordType))).toHaveLength(2);
  });

  it('are empty for a host that has no such record', () => {
    expect(ask('web', 'MX')).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(ask('2.0.1.10.in-addr.arpa', 'A')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });

  it('are the names of addresses', () => {
    expect(data(ask('2.0.1.10.in-addr.arpa', 'PTR'))).toEqual(['web']);
    expect(data(ask(REVERSE_6, 'PTR'))).toEqual(['db.test']);
  });

  it('say that a bare name or an address of the network does not exist, and refuse the rest of the world', () => {
    expect(ask('nobody', 'A').rcode).toBe('NXDOMAIN');
    expect(ask('3.0.1.10.in-addr.arpa', 'PTR').rcode).toBe('NXDOMAIN');
    expect(ask('example.com', 'A').rcode).toBe('REFUSED');
    expect(ask('.', 'NS').rcode).toBe('REFUSED');
    expect(ask('8.8.8.8.in-addr.arpa', 'PTR').rcode).toBe('REFUSED');
    expect(ask('999.0.1.10.in-addr.arpa', 'PTR').rcode).toBe('REFUSED');
    expect(ask(`1${REVERSE_6.slice(1, -10)}2.ip6.arpa`, 'PTR').rcode).toBe('REFUSED');
    const chaos: Question = { name: 'web', type: 'A', class: 'CH' };
    expect(ask('web', 'A', { questions: [chaos] }).rcode).toBe('REFUSED');
  });

  it('speak EDNS to who speaks it', () => {
    const opt = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 4096,
      flags: 0,
      options: [],
    } as unknown as packet.Answer;
    expect(ask('web', 'A', { additionals: [opt] }).additionals).toMatchObject([
      { type: 'OPT', udpPayloadSize: MAX_QUERY_BYTES },
    ]);
    expect(ask('web', 'A').additionals).toEqual([]);
  });
});

describe('what is no query', () => {
  it('is told so when that can be done, and ignored otherwise', () => {
    const rcode = (bytes: Buffer) => (answerQuery(bytes, zone) as Buffer).readUInt8(3) & 0xf;
    expect(rcode(query('web', 'A', { questions: [] }))).toBe(1);
    const two: Question[] = [
      { name: 'web', type: 'A' },
      { name: 'web', type: 'AAAA' },
    ];
    expect(rcode(query('web', 'A', { questions: two }))).toBe(1);
    expect(rcode(query('web', 'A').subarray(0, 14))).toBe(1);
    const update = query('web', 'A');
    update.writeUInt8(5 << 3, 2);
    expect(rcode(update)).toBe(4);
    const response = packet.encode({ type: 'response', id: 7, questions: [{ name: 'web', type: 'A' }] });
    expect(answerQuery(response, zone)).toBeUndefined();
    expect(answerQuery(Buffer.alloc(11), zone)).toBeUndefined();
    expect(answerQuery(Buffer.alloc(MAX_QUERY_BYTES + 1), zone)).toBeUndefined();
  });

  it('never throws, never gets more than a small reply, and always the id it came with', () => {
    const check = (bytes: Uint8Array) => {
      const reply = answerQuery(bytes, zone);
      if (reply === undefined) return;
      expect(reply.length).toBeLessThanOrEqual(bytes.length + 100);
      expect(reply.subarray(0, 2)).toEqual(Buffer.from(bytes.subarray(0, 2)));
      expect(reply.readUInt8(2) & 0x80).toBe(0x80);
    };
    fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 80 }), check));
    const change = fc.record({ at: fc.nat(200), byte: fc.nat(255) });
    const seeds = [query('web', 'A'), query(REVERSE_6, 'PTR'), query('a.b.c', 'ANY' as RecordType)];
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { maxLength: 4 }), (seed, changes) => {
        const bytes = Buffer.from(seed);
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        check(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

it('the server answers hosts of its network over UDP, and nobody else', { timeout: 60_000 }, async () => {
  const inside = await NameServer.listen('127.0.0.1', makeZone('127.0.0.0/8'), {
    port: 0,
    logger: silentLogger,
  });
  const outside = await NameServer.listen('127.0.0.1', makeZone('10.1.0.0/24'), {
    port: 0,
    logger: silentLogger,
  });
  const client = createSocket('udp4');
  try {
    const reply = new Promise<Buffer>((resolve) => void client.on('message', resolve));
    client.send(query('nobody', 'A', { id: 1 }), outside.port, '127.0.0.1');
    // Datagrams may be lost: it is asked until it has answered.
    const asking = setInterval(() => client.send(query('web', 'A', { id: 2 }), inside.port, '127.0.0.1'), 50);
    const decoded = packet.decode(await reply);
    clearInterval(asking);
    expect(decoded.id).toBe(2);
    expect(data(decoded)).toEqual(['10.1.0.2']);
  } finally {
    client.close();
    await inside.close();
    await outside.close();
  }
});

it('a port that is taken is said at once', async () => {
  const first = await NameServer.listen('127.0.0.1', zone, { port: 0, logger: silentLogger });
  const { port } = first;
  await expect(NameServer.listen('127.0.0.1', zone, { port, logger: silentLogger })).rejects.toThrow(
    'EADDRINUSE',
  );
  await first.close();
});
