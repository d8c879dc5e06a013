/** Memory that the binding lends for a large body: it goes away with the message, and is never seen to change. */
import { expect, it } from 'vitest';
import { Outbound } from '../../src/native/index.js';
import { isSame, patternBody } from './body.js';
import type { UseBench } from './define.js';

const LENGTH = 300 * 1024;

export function loanTests(use: UseBench): void {
  const lend = (body: Uint8Array): Uint8Array => {
    const lent = new Uint8Array(use().client.port.allocate(body.length));
    lent.set(body);
    return lent;
  };

  it('a body in it arrives, and its buffer is taken away', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const body = patternBody(LENGTH);
    const lent = lend(body);
    expect(lent.length).toBe(body.length);
    client.port.send(Outbound.message, connection, 0, lent);
    expect(lent.buffer.byteLength).toBe(0);
    expect(isSame((await server.next('message')).body, body)).toBe(true);
  });

  it('a reply in it arrives, and its buffer is taken away', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    const id = client.request(connection);
    const { token } = await server.next('request');
    const body = patternBody(LENGTH);
    const lent = new Uint8Array(server.port.allocate(body.length));
    lent.set(body);
    server.port.send(Outbound.reply, peer, token, lent);
    expect(lent.buffer.byteLength).toBe(0);
    const reply = await client.outcome(id);
    expect(reply.type === 'reply' && isSame(reply.body, body)).toBe(true);
  });

  it('a body that ends before it, or begins behind its start, is sent as far as it goes', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const body = patternBody(LENGTH);
    const longer = new Uint8Array(client.port.allocate(LENGTH + 4096));
    longer.set(body);
    client.port.send(Outbound.message, connection, 0, longer.subarray(0, LENGTH));
    expect(longer.buffer.byteLength).toBe(0);
    const later = new Uint8Array(client.port.allocate(LENGTH + 4096), 4096);
    later.set(body);
    client.port.send(Outbound.message, connection, 0, later);
    expect(later.buffer.byteLength).toBe(LENGTH + 4096);
    await server.next('message', 2);
    expect(server.of('message').every((message) => isSame(message.body, body))).toBe(true);
  });

  it('only what was allocated last is taken: an earlier one is copied and stays', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const body = patternBody(LENGTH);
    const earlier = lend(body);
    const last = lend(body);
    client.port.send(Outbound.message, connection, 0, earlier);
    earlier.fill(0);
    client.port.send(Outbound.message, connection, 0, last);
    expect([earlier.length, last.length]).toEqual([LENGTH, 0]);
    await server.next('message', 2);
    expect(server.of('message').every((message) => isSame(message.body, body))).toBe(true);
  });

  it('what waits to be sent keeps its bytes while the memory is used again', async () => {
    const { client, server } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    const bodies = Array.from({ length: 12 }, (_, number) => patternBody(LENGTH, number + 1));
    for (const body of bodies) client.port.send(Outbound.message, connection, 0, lend(body));
    server.listen({ name: service.name, descriptor: service.descriptor });
    await server.next('message', bodies.length);
    for (const [number, message] of server.of('message').entries()) {
      expect(isSame(message.body, bodies[number] as Uint8Array)).toBe(true);
    }
  });

  it('a malformed body in it fails like any other', async () => {
    const { client } = use();
    const { connection } = await use().pair();
    client.port.send(Outbound.message, connection, 0, lend(new Uint8Array(LENGTH)));
    await client.event(connection, 'dropped');
    expect(client.of('event')).toMatchObject([{ event: 'dropped', failure: 'malformed' }]);
  });

  it.each([0, -1, 1.5, 2 ** 26, undefined, '64'])('allocating %s bytes is a TypeError', (byteLength) => {
    expect(() => use().client.port.allocate(byteLength as number)).toThrow(TypeError);
  });

  it('a closed port lends nothing, and takes away what it is given', () => {
    const { client } = use();
    const lent = lend(patternBody(LENGTH));
    client.port.close();
    client.port.send(Outbound.message, 1, 0, lent);
    expect(lent.length).toBe(0);
    expect(() => client.port.allocate(LENGTH)).toThrow(/closed/);
  });
}
