/** Ports of the host that lead into a container, with a server of this process in the container's place. */
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import type { PublishPort } from '../../../src/compat/index.js';
import { PublishedPorts } from '../../../src/plugins/sandboxd/published-ports.js';
import { rejectionOf } from '../../helpers/thrown.js';

let inside: Server;
let containerPort: number;
/** Ends of connections that the server inside has seen. */
let ended: Promise<void>;

beforeEach(async () => {
  let onEnd = () => {};
  ended = new Promise((resolve) => {
    onEnd = resolve;
  });
  inside = createServer({ allowHalfOpen: true }, (socket) => {
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part));
    // Answers only when the other side has said all: what is half closed must stay open the other way.
    socket.on('end', () => socket.end(Buffer.concat([Buffer.from('got '), ...parts])));
    socket.on('error', () => {});
    socket.on('close', onEnd);
  });
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
  containerPort = (inside.address() as AddressInfo).port;
});
afterEach(() => new Promise((resolve) => inside.close(resolve)));

const published = (changes: Partial<PublishPort> = {}): PublishPort => ({
  hostAddress: '127.0.0.1',
  hostPort: 0,
  containerPort,
  proto: 'tcp',
  count: 1,
  ...changes,
});
const open = (ports: readonly PublishPort[], address: string | undefined = '127.0.0.1') =>
  PublishedPorts.open(ports, { address: () => address, logger: silentLogger });
const failure = (code: string, message: RegExp) => ({
  details: { code, message: expect.stringMatching(message) },
});

/** Says something through the port and closes its half; resolves to the whole answer. */
function ask(port: number, text: string | Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => resolve(Buffer.concat(parts)));
    socket.on('error', reject);
    socket.end(text);
  });
}

describe('published ports', () => {
  it('carry bytes both ways, and a half that is closed', async () => {
    using ports = await open([published()]);
    const [address] = ports.addresses;
    const large = Buffer.alloc(3_000_000, 'launchport');
    const answer = await ask(address?.port ?? 0, large);
    expect(answer.equals(Buffer.concat([Buffer.from('got '), large]))).toBe(true);
  });

  it('are one each, for every port of a range', async () => {
    using ports = await open([published(), published()]);
    expect(new Set(ports.addresses.map(({ port }) => port)).size).toBe(2);
    for (const { port } of ports.addresses) expect(String(await ask(port, 'hello'))).toBe('got hello');
  });

  it('drop a client whose container does not answer, and go on', async () => {
    using ports = await open([published({ containerPort: 1 }), published()]);
    const [closed, served] = ports.addresses;
    // A reset or a plain end: nobody is there, and nothing was said.
    const answer = await ask(closed?.port ?? 0, 'hello').then(
      String,
      (error: { code: string }) => error.code,
    );
    expect(['', 'ECONNRESET', 'EPIPE']).toContain(answer);
    expect(String(await ask(served?.port ?? 0, 'hello'))).toBe('got hello');
  });

  it('close with every connection through them', async () => {
    const ports = await open([published()]);
    const client = connect({ port: ports.addresses[0]?.port ?? 0, host: '127.0.0.1' });
    const over = new Promise<void>((resolve) => {
      client.on('error', () => {});
      client.on('close', () => resolve());
    });
    const arrived = new Promise((resolve) => inside.once('connection', resolve));
    await arrived;
    ports[Symbol.dispose]();
    await over;
    await ended;
  });

  it('are all opened, or none: a port that is taken is named', async () => {
    const taken = { hostPort: containerPort };
    const error = await rejectionOf(open([published(), published(taken)]));
    expect(error).toMatchObject(failure('exists', new RegExp(`port ${containerPort} of 127.0.0.1 is taken`)));
  });

  it.each([
    ['UDP', { proto: 'udp' }, 'unsupported', /only TCP/],
    ['too many', { hostPort: 1000, count: 2000 }, 'invalidArgument', /at most 1024/],
    ['an address that is not of this host', { hostAddress: '192.0.2.1' }, 'invalidArgument', /cannot be/],
  ] as const)('are refused: %s', async (_, changes, code, message) => {
    expect(await rejectionOf(open([published(changes)]))).toMatchObject(failure(code, message));
  });

  it('are refused without an interface, unless there are none', async () => {
    const nowhere = { address: () => undefined, logger: silentLogger };
    expect(await rejectionOf(PublishedPorts.open([published()], nowhere))).toMatchObject(
      failure('unsupported', /no interface/),
    );
    using none = await PublishedPorts.open([], nowhere);
    expect(none.addresses).toEqual([]);
  });
});
