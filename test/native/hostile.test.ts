/** Peers that do not keep the protocol: they are cut off, and everybody else is served. */
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, type Pair } from '../conformance/bench.js';
import { dataBody, emptyBody, numberBody, numberOf, patternBody } from '../conformance/body.js';
import { echo } from '../conformance/lifecycle.js';
import { addonPath, nativeEnvironment } from './native-environment.js';
import { Frame, frame, hello, joined, missingPython, RawSocket } from './raw-socket.js';

const LIMIT = 64 * 1024 * 1024;
const HELLO = hello(Frame.clientHello);

const reason = process.platform === 'linux' ? missingPython() : 'sockets are for Linux';
const TITLE = reason === undefined ? 'hostile peers' : `hostile peers (${reason})`;

describe.skipIf(reason !== undefined)(TITLE, { timeout: 150_000 }, () => {
  let bench: Bench;
  let raw: RawSocket;
  let pair: Pair;
  let path: string;

  beforeEach(async () => {
    bench = new Bench(nativeEnvironment(addonPath(() => true)));
    raw = new RawSocket();
    pair = await bench.pair();
    path = pair.service.target.address as string;
  });

  afterEach(async () => {
    await raw.end();
    await bench.close();
  });

  /** The honest client is still served, over its connection and a new one. */
  async function expectServed(): Promise<void> {
    const { client, server } = bench;
    echo(server);
    for (const handle of [pair.connection, client.dial(pair.service.target)]) {
      const outcome = await client.outcome(client.request(handle, numberBody(7)));
      expect(outcome).toMatchObject({ type: 'reply', body: numberBody(7) });
    }
    expect(client.events(pair.connection)).toEqual([]);
  }

  /** Everything of peers but the honest one's is gone, with no message of theirs delivered. */
  async function expectCutOff(): Promise<void> {
    const { server } = bench;
    await server.until('cut off', () => server.port.statistics().connections === 1);
    expect([...server.of('message'), ...server.of('request')]).toEqual([]);
    expect(server.port.statistics().openTokens).toBe(0);
  }

  it.each<[string, Uint8Array[]]>([
    ['one byte of nonsense', [Uint8Array.of(0xff)]],
    ['a packet of zeros', [new Uint8Array(4096)]],
    ['a packet of nonsense', [patternBody(60_000)]],
    ['another magic', [hello(Frame.clientHello, 0x12345678)]],
    ['another version', [hello(Frame.clientHello, undefined, 2)]],
    ["a service's hello", [hello(Frame.serviceHello)]],
    ['a long hello', [frame(Frame.clientHello, new Uint8Array(12))]],
    ['a message before the hello', [frame(Frame.message, emptyBody())]],
    ['a second hello', [HELLO, HELLO]],
    ['a kind that is not', [HELLO, frame(7)]],
    ['flags', [HELLO, frame(Frame.message, emptyBody(), { flags: 1 })]],
    ['the greatest length', [HELLO, frame(Frame.message, emptyBody(), { length: 0xffff_ffff })]],
    ['a length over the limit', [HELLO, frame(Frame.request, emptyBody(), { id: 1, length: LIMIT + 4 })]],
    ['an empty body', [HELLO, frame(Frame.message)]],
    ['a body that is no dictionary', [HELLO, frame(Frame.request, new Uint8Array(64), { id: 1 })]],
    ['a reply that nobody asked for', [HELLO, frame(Frame.reply, emptyBody(), { id: 1 })]],
    ['a drop that nobody asked for', [HELLO, frame(Frame.dropped, undefined, { id: 1 })]],
    ['a drop with a body', [HELLO, frame(Frame.dropped, emptyBody(), { id: 1 })]],
  ])('%s: cut off', async (_what, packets) => {
    await raw.connect(path);
    for (const packet of packets) await raw.send(packet);
    // A packet that comes too late, or what is not a whole frame yet, ends with its sender.
    if (packets[0]?.byteLength === 1) await raw.close();
    else expect((await raw.readToEnd()).end).toMatch(/EOF|ECONNRESET/);
    await expectCutOff();
    await expectServed();
  });

  it.each<[string, Uint8Array]>([
    ['half a hello', HELLO.subarray(0, 10)],
    ['a hello and half a header', joined(HELLO, frame(Frame.message).subarray(0, 7))],
    ['a hello and half a body', joined(HELLO, frame(Frame.request, patternBody(4096)).subarray(0, 2000))],
    [
      'a hello and the start of the longest message',
      joined(HELLO, frame(Frame.request, emptyBody(), { id: 1, length: LIMIT - 4096 })),
    ],
  ])('%s, then silence: others are served, and it ends with its sender', async (_what, packet) => {
    await raw.connect(path);
    await raw.send(packet);
    await expectServed();
    bench.server.received.splice(0);
    await raw.close();
    await bench.server.until('gone', () => bench.server.port.statistics().connections === 2);
    expect([...bench.server.of('message'), ...bench.server.of('request')]).toEqual([]);
  });

  it('frames may be cut anywhere: byte by byte they arrive as they were', async () => {
    await raw.connect(path);
    const bytes = joined(
      HELLO,
      frame(Frame.message, numberBody(1)),
      frame(Frame.request, numberBody(2), { id: 9 }),
    );
    for (const byte of bytes) await raw.send(Uint8Array.of(byte));
    await bench.server.next('request');
    expect(bench.server.of('message').map(({ body }) => numberOf(body))).toEqual([1]);
    expect(bench.server.of('request').map(({ body }) => numberOf(body))).toEqual([2]);
    await expectServed();
  });

  it('an empty packet, which reads like an end, is at worst one', async () => {
    await raw.connect(path);
    await raw.send(HELLO);
    await raw.send(new Uint8Array(0));
    await raw.close();
    await expectCutOff();
    await expectServed();
  });

  it('the same id for many requests gives each its own token, and each its reply', async () => {
    const { server } = bench;
    await raw.connect(path);
    await raw.send(HELLO);
    await raw.send(frame(Frame.request, emptyBody(), { id: 1 }), 100);
    await server.next('request', 100);
    expect(new Set(server.of('request').map(({ token }) => token)).size).toBe(100);
    for (const request of server.of('request')) server.reply(request);
    await expectServed();
  });

  it('many connections that say nothing keep nobody out', async () => {
    for (let index = 0; index < 200; index += 1) await raw.connect(path, `s${index}`);
    await expectServed();
    for (let index = 0; index < 200; index += 1) await raw.close(`s${index}`);
    await bench.server.until('gone', () => bench.server.port.statistics().connections === 2);
  });

  it('connections that come and go at once are forgotten', async () => {
    for (let index = 0; index < 100; index += 1) {
      await raw.connect(path);
      if (index % 2 === 0) await raw.send(HELLO);
      await raw.close();
    }
    await expectCutOff();
    await expectServed();
  });

  it('a client that asks and never reads is not read any more, and others are served', async () => {
    const { server } = bench;
    const answer = patternBody(1024 * 1024);
    server.onRecord = (record) => {
      if (record.type === 'request') server.reply(record, record.handle === pair.peer ? record.body : answer);
    };
    await raw.connect(path);
    await raw.send(HELLO);
    await raw.send(frame(Frame.request, emptyBody(), { id: 1 }), 60);
    const { peer } = await server.next('peer');
    await server.event(peer, 'congested');
    await bench.settle();
    // Nothing more is read from it, so what it can make the server hold is bounded.
    expect(server.of('request', peer).length).toBeLessThan(40);
    expect(server.events(peer)).toEqual(['congested']);
    const outcome = await bench.client.outcome(bench.client.request(pair.connection, numberBody(3)));
    expect(outcome).toMatchObject({ type: 'reply', body: numberBody(3) });
    await raw.close();
    await server.event(peer, 'invalid');
  });

  it('a flood of messages is delivered, and others are served meanwhile', async () => {
    await raw.connect(path);
    await raw.send(HELLO);
    const packet = joined(
      ...Array.from({ length: 500 }, () => frame(Frame.message, dataBody(new Uint8Array(64)))),
    );
    const flood = raw.send(packet, 100);
    await expectServed();
    expect(await flood).toEqual({ sent: 100 });
    await bench.server.next('message', 50_000);
  });

  it('another user is refused before a byte is read', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root, to be two users');
    chmodSync(path, 0o666);
    chmodSync(dirname(path), 0o755);
    await raw.connect(path, 'a', 54_321);
    await raw.send(HELLO);
    const { credentials } = await bench.server.next('refused');
    expect(credentials).toMatchObject({ euid: 54_321, egid: 54_321 });
    expect((await raw.readToEnd()).bytes).toBe(0);
    expect(bench.server.port.statistics().peersRefused).toBe(1);
    await expectCutOff();
    await expectServed();
  });

  it('another user is served by a listener that allows any', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root, to be two users');
    const service = bench.service();
    const { name, descriptor } = service;
    bench.server.listen({ name, descriptor, requirement: { users: 'any' } });
    const address = service.target.address as string;
    chmodSync(address, 0o666);
    chmodSync(dirname(address), 0o755);
    await raw.connect(address, 'a', 54_321);
    await raw.send(joined(HELLO, frame(Frame.message, numberBody(5))));
    expect(numberOf((await bench.server.next('message')).body)).toBe(5);
    expect((await bench.server.next('peer')).credentials).toMatchObject({ euid: 54_321, egid: 54_321 });
  });

  describe('a service', () => {
    let connection: number;
    let id: number;

    beforeEach(async () => {
      const { client, environment } = bench;
      const target = environment.target('com.example.hostile');
      await raw.listen(target.address as string);
      connection = client.dial(target);
      id = client.request(connection);
      await raw.accept();
    });

    it.each<[string, Uint8Array[]]>([
      ['nonsense', [patternBody(5000)]],
      ["a client's hello", [HELLO]],
      ['a message before the hello', [frame(Frame.message, emptyBody())]],
      ['a reply to nothing', [hello(Frame.serviceHello), frame(Frame.reply, emptyBody(), { id: 77_777 })]],
      ['an unknown kind', [hello(Frame.serviceHello), frame(99)]],
      [
        'a body over the limit',
        [hello(Frame.serviceHello), frame(Frame.reply, emptyBody(), { length: LIMIT + 4 })],
      ],
    ])('that sends %s interrupts its client', async (_what, packets) => {
      for (const packet of packets) await raw.send(packet);
      expect(await bench.client.outcome(id)).toMatchObject({ type: 'failed', failure: 'interrupted' });
      await bench.client.event(connection, 'interrupted');
      expect((await raw.readToEnd()).end).toMatch(/EOF|ECONNRESET/);
      await expectServed();
    });

    it('that answers a request twice interrupts its client after the first answer', async () => {
      await raw.send(hello(Frame.serviceHello));
      // The first request of a connection has the lowest id; both are tried, one of them was never used.
      const replies = [
        frame(Frame.reply, emptyBody(), { id: 1 }),
        frame(Frame.reply, emptyBody(), { id: 1 }),
      ];
      await raw.send(joined(...replies));
      await bench.client.event(connection, 'interrupted');
      expect(bench.client.of('reply').length).toBeLessThanOrEqual(1);
      await bench.client.outcome(id);
      await expectServed();
    });

    it('that goes before it says anything interrupts its client', async () => {
      await raw.close();
      expect(await bench.client.outcome(id)).toMatchObject({ failure: 'interrupted' });
      await bench.client.event(connection, 'interrupted');
    });
  });
});
