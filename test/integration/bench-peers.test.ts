/** Every peer gives back what it is sent. Those that need packages are tested where the benchmark has installed them. */
import { spawnSync } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PEERS, peerTransport } from '../../src/bench/peers/catalog.js';
import { peerFolder } from '../../src/bench/peers/peer.js';
import { privateFolderPath } from '../../src/bench/private-folder.js';
import type { EchoMessage } from '../../src/bench/transport.js';

const message = (id: number, size: number): EchoMessage => ({
  route: 'bench.echo',
  id,
  payload: Uint8Array.from({ length: size }, (_, index) => (index * 31 + id) & 0xff),
  name: 'a name with ünïcödé, a "quote" and\na newline',
  flag: id % 2 === 0,
});

function expectSame(reply: EchoMessage, sent: EchoMessage): void {
  const { payload, ...rest } = sent;
  expect({ route: reply.route, id: reply.id, name: reply.name, flag: reply.flag }).toEqual(rest);
  expect(Buffer.compare(reply.payload, payload)).toBe(0);
}

const folder = privateFolderPath();

describe.each(PEERS.map((peer) => ({ ...peer })))('$name', async (peer) => {
  const isInstalled = await access(peerFolder(folder, peer)).then(
    () => true,
    () => Object.keys(peer.packages).length === 0,
  );
  const hasProgram =
    peer.program === undefined || spawnSync(peer.program.name, ['--version']).error === undefined;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'launchport-peer-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('gives back messages of all sizes, in order and at once', async ({ skip }) => {
    if (!isInstalled) skip('not installed: `launchport bench --peers` does that');
    if (!hasProgram) skip(`${peer.program?.name} is not installed`);
    const address = join(directory, 's');
    const transport = await peerTransport(peer.name, folder);
    const server = await transport.serve?.(address);
    try {
      const client = await transport.connect(address);
      const other = await transport.connect(address);
      try {
        for (const size of [0, 1, 64, 4095, 4096, 65_535, 65_536, 1 << 20]) {
          const sent = message(size, size);
          expectSame(await client.echo(sent), sent);
        }
        const batch = Array.from({ length: 300 }, (_, index) => message(index, (index * 37) % 5000));
        const replies = await Promise.all(batch.map((sent) => client.echo(sent)));
        for (const [index, reply] of replies.entries()) expectSame(reply, batch[index] as EchoMessage);
        expectSame(await other.echo(message(1, 10)), message(1, 10));
      } finally {
        await client.close();
        await other.close();
      }
    } finally {
      await server?.close();
    }
  });

  it('fails what waits when the server goes', async ({ skip }) => {
    if (!isInstalled || !hasProgram) skip('not installed');
    // These connect again by themselves, or never say that a peer is gone.
    if (peer.name === 'zeromq' || peer.name === 'NATS' || peer.name === 'D-Bus')
      skip('it waits for another server');
    const address = join(directory, 'gone');
    const transport = await peerTransport(peer.name, folder);
    const server = await transport.serve?.(address);
    const client = await transport.connect(address);
    expectSame(await client.echo(message(1, 10)), message(1, 10));
    const closed = server === undefined ? client.close() : server.close();
    const outcome = client.echo(message(2, 10)).then(
      () => 'a reply',
      () => 'an error',
    );
    await closed;
    await client.close();
    expect(['a reply', 'an error']).toContain(await outcome);
    await expect(client.echo(message(3, 10))).rejects.toThrow();
  });
});
