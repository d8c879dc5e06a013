/** How connections begin and end. */
import { expect, it } from 'vitest';
import { numberBody, numberOf } from './body.js';
import type { UseBench } from './define.js';
import type { Received } from './received.js';
import type { TestPort } from './test-port.js';

/** Answers every request with its own body. */
export function echo(server: TestPort): void {
  server.onRecord = (record: Received) => {
    if (record.type === 'request') server.reply(record);
  };
}

export function lifecycleTests(use: UseBench): void {
  it('what is sent before activation arrives after it, in order', async () => {
    const { client, server } = use();
    const service = use().service();
    server.listen({ name: service.name, descriptor: service.descriptor });
    const handle = client.connect(service.target);
    for (let value = 0; value < 10; value += 1) client.message(handle, numberBody(value));
    client.request(handle, numberBody(10));
    await use().settle();
    expect(server.received).toEqual([]);
    client.port.activate(handle);
    await server.next('request');
    expect(server.of('message').map(({ body }) => numberOf(body))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('activating twice connects once', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    client.port.activate(connection);
    await use().settle();
    expect([...client.received, ...server.received]).toEqual([]);
  });

  it('a message waits in a connection that nobody accepted yet, its client gone or not', async () => {
    const { client, server } = use();
    const service = use().service();
    const staying = client.dial(service.target);
    client.message(staying, numberBody(1));
    const leaving = client.dial(service.target);
    client.message(leaving, numberBody(2));
    await use().settle();
    client.cancel(leaving);
    await client.event(leaving, 'invalid');
    server.listen({ name: service.name, descriptor: service.descriptor });
    await server.next('message', 2);
    const [first, second] = server.of('peer').map(({ peer }) => peer) as [number, number];
    await server.event(second, 'invalid');
    expect(server.of('message', first).map(({ body }) => numberOf(body))).toEqual([1]);
    expect(server.of('message', second).map(({ body }) => numberOf(body))).toEqual([2]);
    expect(server.events(first)).toEqual([]);
  });

  it('cancelling fails each pending request as invalid, and then comes the final event', async () => {
    const { client } = use();
    const { connection: handle } = await use().pair();
    const ids = [client.request(handle), client.request(handle), client.request(handle)];
    client.cancel(handle);
    await client.event(handle, 'invalid');
    await use().settle();
    expect(client.received).toHaveLength(4);
    expect(client.received.slice(0, 3)).toEqual(
      expect.arrayContaining(ids.map((id) => ({ type: 'failed', handle, id, failure: 'invalid' }))),
    );
  });

  it('nothing but failures and the final event follows a cancel, whatever is under way', async () => {
    const { client, environment, server } = use();
    const { connection, peer } = await use().pair();
    for (let count = 0; count < 20; count += 1) server.message(peer);
    const id = client.request(connection);
    client.cancel(connection);
    await client.event(connection, 'invalid');
    await use().settle();
    // What a handler on another thread had already may come first.
    const isLate = (type: string) => type !== 'message' || !environment.isConcurrent;
    expect(client.received.map(({ type }) => type).filter(isLate)).toEqual(['failed', 'event']);
    expect(client.received.at(-1)?.type).toBe('event');
    expect(await client.outcome(id)).toMatchObject({ failure: 'invalid' });
  });

  it('a peer becomes invalid when its client cancels', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    client.cancel(connection);
    await server.event(peer, 'invalid');
    await use().settle();
    expect(server.received).toEqual([{ type: 'event', handle: peer, event: 'invalid', failure: 'invalid' }]);
  });

  it('a peer becomes invalid when the port of its client closes, its requests first', async () => {
    const { client, server } = use();
    const { peer } = await use().pair();
    const id = server.request(peer);
    client.port.close();
    await server.event(peer, 'invalid');
    expect(server.received.map(({ type }) => type)).toEqual(['failed', 'event']);
    expect(await server.outcome(id)).toMatchObject({ handle: peer });
  });

  it('a server that cancels a peer interrupts its client', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    const id = client.request(connection);
    await server.next('request');
    server.cancel(peer);
    await client.event(connection, 'interrupted');
    expect(await client.outcome(id)).toMatchObject({ failure: 'interrupted' });
    await server.event(peer, 'invalid');
  });

  it('when the service goes, requests fail and the connection is interrupted, once', async () => {
    const { client, server } = use();
    const { connection: handle } = await use().pair();
    const ids = [client.request(handle), client.request(handle)];
    await server.next('request', 2);
    server.port.close();
    await client.event(handle, 'interrupted');
    for (const id of ids) expect(await client.outcome(id)).toMatchObject({ failure: 'interrupted' });
    await use().settle();
    expect(client.received).toHaveLength(3);
    expect(client.events(handle)).toEqual(['interrupted']);
  });

  it('after an interruption the next send looks the name up again', async () => {
    const { client, server } = use();
    const { connection, service } = await use().pair();
    server.port.close();
    await client.event(connection, 'interrupted');
    const id = client.request(connection, numberBody(5));
    await use().settle();
    const next = use().port();
    echo(next);
    next.listen({ name: service.name, descriptor: service.descriptor });
    expect(await client.outcome(id)).toMatchObject({ type: 'reply', body: numberBody(5) });
    expect(client.events(connection)).toEqual(['interrupted']);
  });

  it('a message sent from the report of an interruption reaches the next service', async () => {
    const { client, server } = use();
    const { connection, service } = await use().pair();
    client.onRecord = (record) => {
      if (record.type === 'event') client.message(connection, numberBody(8));
    };
    server.port.close();
    const next = use().port();
    next.listen({ name: service.name, descriptor: service.descriptor });
    expect(numberOf((await next.next('message')).body)).toBe(8);
  });

  it('after an interruption by a service that is gone for good, the next send makes it invalid', async () => {
    const { client, server } = use();
    const { connection, service } = await use().pair();
    use().supervisor.closeDescriptor(service.descriptor);
    server.port.close();
    await client.event(connection, 'interrupted');
    await use().settle();
    expect(client.events(connection)).toEqual(['interrupted']);
    const id = client.request(connection);
    expect(await client.outcome(id)).toMatchObject({ failure: 'invalid' });
    await client.event(connection, 'invalid');
    expect(client.events(connection)).toEqual(['interrupted', 'invalid']);
  });

  it('clients that nobody accepted are interrupted when the last listener closes', async () => {
    const { client } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    const id = client.request(connection);
    await use().settle();
    use().supervisor.closeDescriptor(service.descriptor);
    await client.event(connection, 'interrupted');
    expect(await client.outcome(id)).toMatchObject({ failure: 'interrupted' });
  });

  it('connections leave nothing behind', async () => {
    const { client, server } = use();
    const { service } = await use().pair();
    for (let round = 0; round < 10; round += 1) {
      const handles = Array.from({ length: 10 }, () => client.dial(service.target));
      for (const handle of handles.slice(5)) client.request(handle);
      await server.next('peer', 10 * (round + 1));
      for (const handle of handles) client.cancel(handle);
      for (const handle of handles) await client.event(handle, 'invalid');
    }
    await server.until('peers gone', () => server.port.statistics().connections === 1);
    expect(client.port.statistics()).toMatchObject({ connections: 1, listeners: 0, openTokens: 0 });
    expect(server.port.statistics()).toMatchObject({ connections: 1, listeners: 1, openTokens: 0 });
  });
}
