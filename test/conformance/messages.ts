/** Messages: their order, and every byte of them. */
import { expect, it } from 'vitest';
import { Outbound, RECORD_HEADER_BYTES } from '../../src/native/index.js';
import { emptyBody, isSame, numberBody, numberOf, patternBody } from './body.js';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every size from 256 bytes below to 256 above, in steps of 4 near the middle. */
function around(middle: number): number[] {
  const offsets = [-1024, -256, -48, -44, -40, -36, -32, -28, -24, -20, -16, -12, -8, -4];
  return [...offsets, 0, ...offsets.map((offset) => -offset)].map((offset) => middle + offset);
}

export function messageTests(use: UseBench): void {
  it('one-way messages keep their order, a thousand packed in each flush', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    for (let value = 0; value < 10_000; value += 1) {
      client.write(Outbound.message, connection, 0, numberBody(value));
      if (value % 1000 === 999) client.flush();
    }
    await server.next('message', 10_000);
    expect(server.of('message').every(({ body }, index) => numberOf(body) === index)).toBe(true);
  });

  it('messages and requests keep one order, whatever their size and way of sending', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const sizes = [36, 100 * KIB, 40, 300 * KIB, 36, 2 * MIB, 64 * KIB, 36];
    sizes.forEach((size, index) => {
      const body = patternBody(size, index);
      if (index % 2 === 0) client.message(connection, body);
      else client.request(connection, body);
    });
    await server.until('all', () => server.received.length === sizes.length);
    expect(server.received.map((record) => ('body' in record ? record.body.byteLength : 0))).toEqual(sizes);
    expect(server.received.map(({ type }) => type)).toEqual(
      sizes.map((_, index) => (index % 2 === 0 ? 'message' : 'request')),
    );
  });

  it('a burst to several connections reaches each', async () => {
    const { client, server } = use();
    const { connection: first, service } = await use().pair();
    const second = client.dial(service.target);
    for (let value = 0; value < 100; value += 1) {
      client.write(Outbound.message, value % 2 === 0 ? first : second, 0, numberBody(value));
    }
    client.flush();
    await server.next('message', 100);
    const { peer } = await server.next('peer');
    const values = server.of('message', peer).map(({ body }) => numberOf(body));
    expect(values).toEqual(Array.from({ length: 50 }, (_, index) => 2 * index + 1));
  });

  it.each([
    ['of the smallest sizes', [20, 36, 40, 44, 48, 52, 56, 60, 64]],
    ['around 32 KiB', around(32 * KIB)],
    ['around 64 KiB', around(64 * KIB)],
    ['around the size of a socket buffer', around(208 * KIB)],
    ['around 256 KiB', around(256 * KIB)],
    ['of 1 MiB and more', [MIB - 4, MIB, MIB + 4, 3 * MIB + 36]],
    ['of 20 MiB', [20 * MIB]],
  ])('bodies %s come back byte for byte', async (_what, sizes) => {
    const { client, server } = use();
    const { connection } = await use().pair();
    echo(server);
    const bodies = sizes.map((size) => (size === 20 ? emptyBody() : patternBody(size, size)));
    const ids = bodies.map((body) => client.request(connection, body));
    for (const [index, id] of ids.entries()) {
      const outcome = await client.outcome(id);
      expect(outcome.type).toBe('reply');
      expect(outcome.type === 'reply' && isSame(outcome.body, bodies[index] as Uint8Array)).toBe(true);
    }
    expect(client.of('reply')).toHaveLength(sizes.length);
    expect(client.of('failed')).toEqual([]);
  });

  it('bodies that fill the outbox and the inbox to the last byte arrive', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const { outbox } = client.port;
    const { inbox } = server.port;
    const sizes = [outbox.byteLength, inbox.byteLength].map((length) => length - RECORD_HEADER_BYTES);
    for (const size of sizes) client.message(connection, patternBody(size, 3));
    await server.next('message', 2);
    expect(server.of('message').map(({ body }) => body.byteLength)).toEqual(sizes);
    expect(server.of('message').every(({ body }) => isSame(body, patternBody(body.byteLength, 3)))).toBe(
      true,
    );
  });

  it('large bodies in one delivery keep their owners', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    for (let index = 0; index < 30; index += 1) {
      client.message(connection, patternBody(index % 3 === 0 ? 300 * KIB : 200, index));
    }
    await server.next('message', 30);
    expect(
      server.of('message').every(({ body }, index) => isSame(body, patternBody(body.byteLength, index))),
    ).toBe(true);
  });

  it('a body can be a view into larger memory, and can be changed once it is sent', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const body = patternBody(400 * KIB);
    const memory = new Uint8Array(body.byteLength + 101);
    memory.set(body, 37);
    client.port.send(Outbound.message, connection, 0, memory.subarray(37, 37 + body.byteLength));
    memory.fill(0);
    expect(isSame((await server.next('message')).body, body)).toBe(true);
  });

  it.each([21, 22, 23])(
    'a body of %i bytes, some after the dictionary, disturbs nothing',
    async (byteLength) => {
      const { client, server } = use();
      const { connection } = await use().pair();
      const body = new Uint8Array(byteLength).fill(0xff);
      body.set(emptyBody());
      client.message(connection, numberBody(1));
      client.port.send(Outbound.message, connection, 0, body);
      client.message(connection, numberBody(2));
      await server.next('message', 3);
      const [before, odd, after] = server.of('message').map((message) => message.body);
      expect([before, after]).toEqual([numberBody(1), numberBody(2)]);
      expect(odd?.subarray(0, 20)).toEqual(emptyBody());
    },
  );

  it('a burst is delivered in few calls', async () => {
    const { client, environment, server } = use();
    const { connection } = await use().pair();
    const before = server.port.statistics().deliveries;
    for (let value = 0; value < 1000; value += 1) {
      client.write(Outbound.message, connection, 0, numberBody(value));
    }
    client.flush();
    await server.next('message', 1000);
    // A thread that is faster than JavaScript makes fewer; one that waits for a processor lets it see each packet.
    expect(server.port.statistics().deliveries - before).toBeLessThan(environment.isConcurrent ? 500 : 20);
  });

  it('a barrier tells once when what was sent before it has left, and before the final event', async () => {
    const { client } = use();
    const { connection } = await use().pair();
    for (let index = 0; index < 8; index += 1) client.message(connection, patternBody(200 * KIB, index));
    client.call(() => client.port.barrier(connection));
    client.call(() => client.port.barrier(connection));
    await client.until('two events', () => client.events(connection).length >= 2);
    client.call(() => client.port.barrier(connection));
    client.cancel(connection);
    await client.event(connection, 'invalid');
    expect(client.events(connection)).toEqual(['sent', 'sent', 'sent', 'invalid']);
    client.call(() => client.port.barrier(connection));
  });

  it('messages are counted', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const sent = client.port.statistics().messagesSent;
    const received = client.port.statistics().messagesReceived;
    const before = server.port.statistics();
    echo(server);
    client.message(connection);
    client.message(connection);
    await client.outcome(client.request(connection));
    expect(client.port.statistics().messagesSent - sent).toBe(3);
    expect(client.port.statistics().messagesReceived - received).toBe(1);
    const after = server.port.statistics();
    expect(after.messagesReceived - before.messagesReceived).toBe(3);
    expect(after.messagesSent - before.messagesSent).toBe(1);
  });
}
