/** Barriers: when what was sent is with the system, so that its sender may end. */
import { expect, it } from 'vitest';
import { numberBody, numberOf, patternBody } from './body.js';
import type { UseBench } from './define.js';

const MIB = 1024 * 1024;

export function barrierTests(use: UseBench): void {
  it('each barrier is answered once, though not inside the call', async () => {
    const { client } = use();
    const { connection } = await use().pair();
    for (let count = 0; count < 3; count += 1) {
      client.message(connection);
      client.call(() => client.port.barrier(connection));
    }
    await client.until('three answers', () => client.events(connection).length === 3);
    await use().settle();
    expect(client.received).toEqual(
      Array(3).fill({ type: 'event', handle: connection, event: 'sent', failure: 'none' }),
    );
  });

  it('a barrier waits for what the service has not read', async () => {
    const { client, server } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    for (let count = 0; count < 3; count += 1) client.message(connection, patternBody(MIB));
    client.port.barrier(connection);
    await use().settle();
    expect(client.events(connection)).toEqual([]);
    server.listen({ name: service.name, descriptor: service.descriptor });
    await client.event(connection, 'sent');
    await server.next('message', 3);
  });

  it('what was sent before an answered barrier arrives, though its sender is gone', async () => {
    const { client, server } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    for (let value = 0; value < 3; value += 1) client.message(connection, numberBody(value));
    client.port.barrier(connection);
    await client.event(connection, 'sent');
    client.port.close();
    server.listen({ name: service.name, descriptor: service.descriptor });
    await server.next('message', 3);
    expect(server.of('message').map(({ body }) => numberOf(body))).toEqual([0, 1, 2]);
  });

  it('a service that ends after the barrier behind its reply loses none', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    const body = patternBody(5 * MIB);
    const id = client.request(connection);
    server.reply(await server.next('request'), body);
    server.port.barrier(peer);
    await server.event(peer, 'sent');
    server.port.close();
    expect(await client.outcome(id)).toMatchObject({ type: 'reply' });
    await client.event(connection, 'interrupted');
  });

  it('a barrier of a connection that ends is answered before the final event', async () => {
    const { client } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    for (let count = 0; count < 3; count += 1) client.message(connection, patternBody(MIB));
    client.port.barrier(connection);
    client.port.barrier(connection);
    await use().settle();
    client.cancel(connection);
    await client.event(connection, 'invalid');
    expect(client.events(connection)).toEqual(['sent', 'sent', 'invalid']);
  });

  it('a barrier is answered when an interruption gives up what was queued', async () => {
    const { client } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    for (let count = 0; count < 3; count += 1) client.message(connection, patternBody(MIB));
    client.port.barrier(connection);
    await use().settle();
    use().supervisor.closeDescriptor(service.descriptor);
    await client.event(connection, 'sent');
    await client.event(connection, 'interrupted');
  });
}
