/** What those who hold an endpoint can do to its listener: connect, and nothing else. */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, type Pair } from '../conformance/bench.js';
import { emptyBody, numberBody, numberOf, patternBody } from '../conformance/body.js';
import { echo } from '../conformance/lifecycle.js';
import { carrying, endpoint as endpointRight } from '../conformance/rights-body.js';
import { addonPath, nativeEnvironment } from './native-environment.js';
import { Frame, frame, hello, missingPython, RawSocket } from './raw-socket.js';

const HELLO = hello(Frame.clientHello);
/** What goes to an endpoint, with one end of a pair: the hello of a client that counts one descriptor. */
const KNOCK = frame(Frame.clientHello, HELLO.subarray(16), { flags: 1 });

const reason = process.platform === 'linux' ? missingPython() : 'sockets are for Linux';
const TITLE = reason === undefined ? 'hostile holders of an endpoint' : `hostile holders (${reason})`;

describe.skipIf(reason !== undefined)(TITLE, { timeout: 150_000 }, () => {
  let bench: Bench;
  let raw: RawSocket;
  let pair: Pair;
  /** Of the listener; the raw process holds it too, as the socket `right`. */
  let endpoint: number;
  let before: number;

  beforeEach(async () => {
    bench = new Bench(nativeEnvironment(addonPath(() => true)));
    raw = new RawSocket();
    pair = await bench.pair();
    const { server } = bench;
    endpoint = server.port.endpoint(pair.listener);
    await raw.connect(pair.service.target.address as string, 'first');
    await raw.send(HELLO, 1, 'first');
    await raw.send(frame(Frame.request, emptyBody(), { id: 1 }), 1, 'first');
    server.reply(await server.next('request'), ...carrying(endpointRight(endpoint)));
    await raw.readRight('right', 'first');
    await raw.close('first');
    await bench.until('the first is gone', () => server.port.statistics().connections === 1);
    server.received.splice(0);
    before = readdirSync('/proc/self/fd').length;
  });

  afterEach(async () => {
    await raw.end();
    await bench.close();
  });

  /** Whoever holds the endpoint honestly, or comes by name, is served; nothing of the others has come through. */
  async function expectServed(target: number = endpoint): Promise<void> {
    const { client, server } = bench;
    const messages = [...server.of('message'), ...server.of('request')];
    expect(messages).toEqual([]);
    echo(server);
    const connection = server.dial({ endpoint: target });
    expect(await server.outcome(server.request(connection))).toMatchObject({ type: 'reply' });
    server.cancel(connection);
    await server.event(connection, 'invalid');
    const outcome = await client.outcome(client.request(pair.connection, numberBody(7)));
    expect(outcome).toMatchObject({ type: 'reply', body: numberBody(7) });
    const open = () => readdirSync('/proc/self/fd').length;
    await bench.until('nothing is left open', () => open() <= before);
  }

  it('one that keeps the rules is a peer like others, and known by its process', async () => {
    const { server } = bench;
    await raw.knock('right', KNOCK);
    await raw.send(HELLO);
    await raw.send(frame(Frame.message, numberBody(5)));
    expect(numberOf((await server.next('message')).body)).toBe(5);
    const { handle, credentials } = await server.next('peer');
    expect(handle).toBe(pair.listener);
    expect(credentials).toMatchObject({ pid: raw.pid, euid: process.geteuid?.() });
    await raw.close();
    server.received.splice(0);
    await expectServed();
  });

  it.each<[string, Uint8Array, readonly string[]]>([
    ['an empty packet', new Uint8Array(0), []],
    ['an empty packet with a socket', new Uint8Array(0), ['packet socket']],
    ['nonsense', patternBody(4096), []],
    ['a large packet of nonsense', patternBody(60_000), []],
    ['nonsense with a socket', patternBody(24 + 32), ['packet socket']],
    ['a knock with nothing', KNOCK, []],
    ['a plain hello with a socket', HELLO, ['packet socket']],
    ['a knock with two sockets', KNOCK, ['packet socket', 'packet socket']],
    ['a knock with many descriptors', KNOCK, Array.from({ length: 253 }, () => 'null')],
    ['a knock with a pipe', KNOCK, ['pipe']],
    ['a knock with a stream socket', KNOCK, ['stream socket']],
    ['a knock with a socket of another family', KNOCK, ['network socket']],
    ['a knock with a listening socket', KNOCK, ['listening socket']],
    ['a knock with an unconnected socket', KNOCK, ['unconnected socket']],
    ['a knock with a socket that is not its own', KNOCK, ['held right']],
  ])('%s is thrown away, many times, and others are served', async (_what, packet, descriptors) => {
    const { server } = bench;
    await raw.sendDescriptors(packet, descriptors, 40, 'right');
    await expectServed();
    const own = server.of('peer').filter(({ credentials }) => credentials.pid === process.pid);
    expect(server.of('peer')).toEqual(own);
  });

  it('a connection that then breaks the rules is cut off', async () => {
    await raw.knock('right', KNOCK);
    await raw.send(patternBody(4096));
    expect((await raw.readToEnd()).end).toMatch(/EOF|ECONNRESET/);
    await expectServed();
  });

  it('a connection that goes before it is accepted is forgotten', async () => {
    const { server } = bench;
    server.suspend(pair.listener);
    for (let index = 0; index < 20; index += 1) {
      await raw.knock('right', KNOCK);
      await raw.close();
    }
    server.resume(pair.listener);
    await bench.until('all came and went', () => server.port.statistics().connections === 1);
    await expectServed();
  });

  it('many connections that say nothing keep nobody out, and end with their process', async () => {
    const { server } = bench;
    for (let index = 0; index < 100; index += 1) await raw.knock('right', KNOCK, `s${index}`);
    await bench.until('they are here', () => server.port.statistics().connections === 101);
    await raw.end();
    await bench.until('they are gone', () => server.port.statistics().connections === 1);
    await expectServed();
  });

  it('who shuts its socket down ends that endpoint, and neither the listener nor another', async () => {
    const { server } = bench;
    await raw.shut('right');
    const connection = server.dial({ endpoint });
    await server.event(connection, 'invalid');
    server.port.release(endpoint);
    await expectServed(server.port.endpoint(pair.listener));
  });

  it('who connects while nobody listens any more is told so', async () => {
    const { server } = bench;
    server.suspend(pair.listener);
    await raw.knock('right', KNOCK);
    server.cancel(pair.listener);
    await server.event(pair.listener, 'invalid');
    expect(await raw.readToEnd()).toEqual({ bytes: 0, end: expect.stringMatching(/EOF|ECONNRESET/) });
  });
});
