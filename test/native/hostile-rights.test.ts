/** Peers that break the rules about descriptors: they are cut off, and not one of their descriptors stays open. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, type Pair } from '../conformance/bench.js';
import { emptyBody, numberBody } from '../conformance/body.js';
import { echo } from '../conformance/lifecycle.js';
import { letGo } from '../conformance/rights.js';
import { descriptor, endpoint, memory, rightsBody, type SentRight } from '../conformance/rights-body.js';
import { addonPath, nativeEnvironment } from './native-environment.js';
import { Frame, frame, hello, joined, missingPython, RawSocket } from './raw-socket.js';

const HELLO = hello(Frame.clientHello);
const MOST = 253;

const reason = process.platform === 'linux' ? missingPython() : 'sockets are for Linux';
const TITLE = reason === undefined ? 'hostile rights' : `hostile rights (${reason})`;

/** A packet, and the kinds of descriptors that it brings. */
type Packet = readonly [bytes: Uint8Array, descriptors?: readonly string[]];

const FD = descriptor(0);
const ENDPOINT = endpoint(0);

/** A message frame whose body has these words, and whose header counts as many. */
function carrying(rights: readonly SentRight[], flags = rights.length): Uint8Array {
  return frame(Frame.message, rightsBody(rights), { flags });
}

function nulls(count: number): string[] {
  return Array.from({ length: count }, () => 'null');
}

function fds(count: number): SentRight[] {
  return Array.from({ length: count }, () => FD);
}

/** `{ r: … }` in Mach form, cut off in the middle. */
const CUT = rightsBody([FD]).subarray(0, -4);

const PROTOCOL: readonly [string, readonly Packet[]][] = [
  ['descriptors with the hello', [[HELLO, nulls(3)]]],
  ['a hello that counts one', [[frame(Frame.clientHello, HELLO.subarray(16), { flags: 1 }), nulls(1)]]],
  ['descriptors that no header counts', [[HELLO], [carrying([FD], 0), nulls(1)]]],
  ['descriptors with a plain message', [[HELLO], [frame(Frame.message, emptyBody()), nulls(50)]]],
  ['a header that counts what is not there', [[HELLO], [carrying([FD], 1)]]],
  ['fewer than the header counts', [[HELLO], [carrying(fds(2)), nulls(1)]]],
  ['more than the header counts', [[HELLO], [carrying([FD]), nulls(3)]]],
  ['the greatest count', [[HELLO], [carrying(fds(MOST), 0xffff), nulls(MOST)]]],
  ['more words than descriptors', [[HELLO], [carrying(fds(2), 1), nulls(1)]]],
  ['more descriptors than words', [[HELLO], [carrying([FD], 2), nulls(2)]]],
  ['a plain body that counts one', [[HELLO], [frame(Frame.message, emptyBody(), { flags: 1 }), nulls(1)]]],
  ['a Mach body without any', [[HELLO], [carrying([])]]],
  ['a Mach body that ends too soon', [[HELLO], [frame(Frame.message, CUT, { flags: 1 }), nulls(1)]]],
  ['no body at all', [[HELLO], [frame(Frame.message, undefined, { flags: 1 }), nulls(1)]]],
  ['a frame that carries after one that does not', [[joined(HELLO, carrying([FD])), nulls(1)]]],
  ['two that carry in one packet', [[HELLO], [joined(carrying([FD]), carrying([FD])), nulls(2)]]],
  [
    'descriptors that come with the middle of a body',
    [[HELLO], [carrying([FD]).subarray(0, 30)], [carrying([FD]).subarray(30), nulls(1)]],
  ],
  [
    'descriptors that come with the middle of a header',
    [[HELLO], [carrying([FD]).subarray(0, 10), nulls(1)], [carrying([FD]).subarray(10), nulls(1)]],
  ],
  ['a drop that carries', [[HELLO], [frame(Frame.dropped, undefined, { id: 1, flags: 1 }), nulls(1)]]],
  [
    'a reply that nobody asked for',
    [[HELLO], [frame(Frame.reply, rightsBody([FD]), { id: 1, flags: 1 }), nulls(1)]],
  ],
  ['an empty packet that carries', [[HELLO], [new Uint8Array(0), nulls(7)]]],
];

const KINDS: readonly [string, SentRight][] = [
  ['memory without seals', memory(0, 4096)],
  ['memory that can shrink', memory(0, 4096)],
  ['empty memory', memory(0, 1)],
  ['memory of 100 bytes', memory(0, 101)],
  ['memory', memory(0, 8193)],
  ['memory', memory(0, 0)],
  ['memory', memory(0, 2 ** 52)],
  ['null', memory(0, 4096)],
  ['zero', memory(0, 4096)],
  ['file', memory(0, 4096)],
  ['folder', memory(0, 4096)],
  ['path', memory(0, 4096)],
  ['packet socket', memory(0, 4096)],
  ['pipe', ENDPOINT],
  ['null', ENDPOINT],
  ['path', ENDPOINT],
  ['memory', ENDPOINT],
  ['stream socket', ENDPOINT],
  ['datagram socket', ENDPOINT],
  ['network socket', ENDPOINT],
  ['unconnected socket', ENDPOINT],
  ['listening socket', ENDPOINT],
];

describe.skipIf(reason !== undefined)(TITLE, { timeout: 150_000 }, () => {
  let bench: Bench;
  let raw: RawSocket;
  let pair: Pair;
  let path: string;
  let before: number;

  beforeEach(async () => {
    bench = new Bench(nativeEnvironment(addonPath(() => true)));
    raw = new RawSocket();
    pair = await bench.pair();
    path = pair.service.target.address as string;
    before = await bench.descriptorsAtRest();
    await raw.connect(path);
  });

  afterEach(async () => {
    await raw.end();
    await bench.close();
  });

  function open(): number {
    return bench.environment.files.count();
  }

  async function send(packets: readonly Packet[]): Promise<void> {
    for (const [bytes, descriptors = []] of packets) await raw.sendDescriptors(bytes, descriptors);
  }

  /** The raw peer is gone with all that it sent, and the honest one is served. */
  async function expectCutOff(): Promise<void> {
    const { client, server } = bench;
    await bench.until('cut off', () => server.port.statistics().connections === 1);
    expect([...server.of('message'), ...server.of('request')]).toEqual([]);
    await bench.until('its descriptors are closed', () => open() <= before);
    echo(server);
    const outcome = await client.outcome(client.request(pair.connection, numberBody(7)));
    expect(outcome).toMatchObject({ type: 'reply', body: numberBody(7) });
    expect(client.events(pair.connection)).toEqual([]);
  }

  it.each(PROTOCOL)('%s: cut off, nothing left open', async (_what, packets) => {
    await send(packets);
    expect((await raw.readToEnd()).end).toMatch(/EOF|ECONNRESET/);
    await expectCutOff();
  });

  it.each(KINDS)('%s as %o: cut off, nothing left open', async (kind, right) => {
    await send([[HELLO], [carrying([right]), [kind]]]);
    expect((await raw.readToEnd()).end).toMatch(/EOF|ECONNRESET/);
    await expectCutOff();
  });

  it('one wrong descriptor among many closes them all', async () => {
    const rights = [...fds(100), ENDPOINT, ...fds(100)];
    await send([[HELLO], [carrying(rights), nulls(201)]]);
    expect((await raw.readToEnd()).end).toMatch(/EOF|ECONNRESET/);
    await expectCutOff();
  });

  it.each<[string, SentRight, string]>([
    ['a device', FD, 'null'],
    ['a pipe', FD, 'pipe'],
    ['a folder', FD, 'folder'],
    ['a path', FD, 'path'],
    ['a socket', FD, 'network socket'],
    ['memory', memory(0, 8192), 'memory'],
    ['memory shorter than a page', memory(0, 100), 'memory of 100 bytes'],
    ['an endpoint', ENDPOINT, 'packet socket'],
  ])('%s that is what it says arrives', async (_what, right, kind) => {
    const { server } = bench;
    await send([[HELLO], [carrying([right]), [kind]]]);
    const { rights } = await server.next('message');
    expect(rights).toMatchObject([{ kind: right.kind }]);
    expect(server.port.statistics().connections).toBe(2);
    letGo(server, rights ?? []);
    await raw.close();
    await bench.until('its descriptors are closed', () => open() <= before);
  });

  it('a frame that carries may be cut anywhere after its first byte, and others may follow it', async () => {
    const { server } = bench;
    const [first = new Uint8Array(0), ...rest] = [...carrying(fds(2))].map((byte) => Uint8Array.of(byte));
    await send([[HELLO], [first, nulls(2)], ...rest.map((byte): Packet => [byte])]);
    await send([[joined(carrying([FD]), frame(Frame.message, numberBody(3))), nulls(1)]]);
    await server.next('message', 3);
    expect(server.of('message').map(({ rights = [] }) => rights.length)).toEqual([2, 1, 0]);
    for (const { rights } of server.of('message')) letGo(server, rights ?? []);
    await raw.close();
    await bench.until('its descriptors are closed', () => open() <= before);
  });

  it('a second that counts in the same packet is cut off after the first', async () => {
    const { server } = bench;
    await send([[HELLO], [joined(carrying([FD]), carrying([FD])), nulls(1)]]);
    const { rights } = await server.next('message');
    letGo(server, rights ?? []);
    server.received.splice(0);
    await expectCutOff();
  });

  it('an unfinished frame with as many descriptors as there can be ends with its sender', async () => {
    await send([[HELLO], [carrying(fds(MOST)).subarray(0, -4), nulls(MOST)]]);
    await bench.until('they are here', () => open() >= before + MOST);
    await raw.close();
    await expectCutOff();
  });

  it('a flood of wrong descriptors from many connections leaves none', async () => {
    for (let index = 0; index < 30; index += 1) {
      const name = `s${index}`;
      await raw.connect(path, name);
      await raw.sendDescriptors(HELLO, [], 1, name);
      await raw.sendDescriptors(carrying(fds(MOST), 1), nulls(MOST), 20, name);
    }
    await raw.close();
    await expectCutOff();
  });

  it('a flood of descriptors that nobody reads is closed with the listener', async () => {
    const { server } = bench;
    server.suspend(pair.listener);
    for (let index = 0; index < 10; index += 1) {
      const name = `s${index}`;
      await raw.connect(path, name);
      await raw.sendDescriptors(HELLO, [], 1, name);
      await raw.sendDescriptors(carrying(fds(MOST)), nulls(MOST), 2, name);
    }
    server.cancel(pair.listener);
    await server.event(pair.listener, 'invalid');
    await bench.until('its descriptors are closed', () => open() <= before);
  });

  it.each<[string, Packet]>([
    ['too few descriptors', [frame(Frame.reply, rightsBody(fds(2)), { id: 1, flags: 2 }), nulls(1)]],
    [
      'descriptors for a reply to nothing',
      [frame(Frame.reply, rightsBody([FD]), { id: 77, flags: 1 }), nulls(1)],
    ],
    ['memory that can shrink', [carrying([memory(0, 4096)]), ['memory that can shrink']]],
  ])(
    'a service that sends %s interrupts its client, nothing left open',
    async (_what, [bytes, descriptors]) => {
      const { client, environment } = bench;
      const target = environment.target('com.example.hostile');
      await raw.listen(target.address as string);
      const connection = client.dial(target);
      const id = client.request(connection);
      await raw.accept('b');
      await raw.send(hello(Frame.serviceHello), 1, 'b');
      await raw.sendDescriptors(bytes, descriptors ?? [], 1, 'b');
      expect(await client.outcome(id)).toMatchObject({ type: 'failed', failure: 'interrupted' });
      await client.event(connection, 'interrupted');
      expect(client.of('message')).toEqual([]);
      await bench.until('its descriptors are closed', () => open() <= before + 1);
    },
  );
});
