/** Requests, replies and reply tokens. */
import { expect, it } from 'vitest';
import { Outbound } from '../../src/native/index.js';
import { dataBody, numberBody, numberOf } from './body.js';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';

export function requestTests(use: UseBench): void {
  it('a request is answered', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    const id = client.request(connection, numberBody(1));
    const request = await server.next('request');
    expect(request).toMatchObject({ handle: peer, body: numberBody(1) });
    server.reply(request, numberBody(2));
    expect(await client.outcome(id)).toEqual({ type: 'reply', handle: connection, id, body: numberBody(2) });
    await use().settle();
    expect(client.received).toHaveLength(1);
  });

  it('many requests are in flight, and their replies come in any order', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const ids = Array.from({ length: 2000 }, (_, value) => client.request(connection, numberBody(value)));
    await server.next('request', 2000);
    expect(server.port.statistics().openTokens).toBe(2000);
    for (const request of server.of('request').reverse()) server.reply(request);
    await client.next('reply', 2000);
    expect(client.of('reply').map(({ id }) => id)).toEqual([...ids].reverse());
    for (const { id, body } of client.of('reply')) expect(ids[numberOf(body)]).toBe(id);
    expect(server.port.statistics().openTokens).toBe(0);
  });

  it('a token answers once', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const id = client.request(connection);
    const request = await server.next('request');
    server.reply(request, numberBody(1));
    server.reply(request, numberBody(2));
    server.port.drop(request.token);
    expect(await client.outcome(id)).toMatchObject({ type: 'reply', body: numberBody(1) });
    await use().settle();
    expect(client.received).toHaveLength(1);
  });

  it('a dropped request fails as interrupted, and the connection goes on', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const dropped = client.request(connection);
    const request = await server.next('request');
    server.port.drop(request.token);
    server.port.drop(request.token);
    server.reply(request);
    expect(await client.outcome(dropped)).toEqual({
      type: 'failed',
      handle: connection,
      id: dropped,
      failure: 'interrupted',
    });
    expect(server.port.statistics().openTokens).toBe(0);
    echo(server);
    expect(await client.outcome(client.request(connection, numberBody(3)))).toMatchObject({
      type: 'reply',
      body: numberBody(3),
    });
    expect(client.of('event')).toEqual([]);
  });

  it('an id can be used again once its request is over', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    echo(server);
    for (let value = 1; value <= 3; value += 1) {
      client.write(Outbound.request, connection, 99, numberBody(value));
      client.flush();
      await client.next('reply', value);
    }
    expect(client.of('reply').map(({ id, body }) => [id, numberOf(body)])).toEqual([
      [99, 1],
      [99, 2],
      [99, 3],
    ]);
  });

  it('any 32-bit number is an id', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    echo(server);
    for (const id of [0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      client.write(Outbound.request, connection, id, numberBody(1));
      client.flush();
      expect(await client.outcome(id)).toMatchObject({ type: 'reply' });
    }
  });

  it('a reply to a client that went is harmless, and its token is freed', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    client.request(connection);
    client.request(connection);
    const request = await server.next('request', 2);
    client.cancel(connection);
    await server.event(peer, 'invalid');
    expect(server.port.statistics().openTokens).toBe(0);
    server.reply(request);
    server.port.drop(request.token);
    await use().settle();
    expect(client.of('reply')).toEqual([]);
    expect(server.events(peer)).toEqual(['invalid']);
  });

  it('a reply that is malformed drops the request, and says so', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    const id = client.request(connection);
    server.reply(await server.next('request'), new Uint8Array(8));
    expect(await client.outcome(id)).toMatchObject({ type: 'failed', failure: 'interrupted' });
    await server.event(peer, 'dropped');
    expect(server.of('event')).toEqual([
      { type: 'event', handle: peer, event: 'dropped', failure: 'malformed' },
    ]);
    expect(server.port.statistics().openTokens).toBe(0);
  });

  it('a service can ask its client', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    echo(client);
    server.message(peer, numberBody(1));
    const id = server.request(peer, numberBody(2));
    expect(await server.outcome(id)).toMatchObject({ type: 'reply', body: numberBody(2) });
    expect(client.received).toMatchObject([
      { type: 'message', handle: connection, body: numberBody(1) },
      { type: 'request', handle: connection, body: numberBody(2) },
    ]);
  });

  it('both ends can use the same ids at once', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    for (const id of [7, 8]) client.write(Outbound.request, connection, id, numberBody(id));
    for (const id of [7, 8]) server.write(Outbound.request, peer, id, numberBody(100 + id));
    client.flush();
    server.flush();
    await Promise.all([client.next('request', 2), server.next('request', 2)]);
    for (const request of server.of('request')) server.reply(request);
    for (const request of client.of('request')) client.reply(request);
    await Promise.all([client.next('reply', 2), server.next('reply', 2)]);
    expect(client.of('reply').map(({ id, body }) => [id, numberOf(body)])).toEqual([
      [7, 7],
      [8, 8],
    ]);
    expect(server.of('reply').map(({ id, body }) => [id, numberOf(body)])).toEqual([
      [7, 107],
      [8, 108],
    ]);
  });

  it('a reply and a drop in one burst both arrive', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const first = client.request(connection);
    const second = client.request(connection);
    await server.next('request', 2);
    const [one, two] = server.of('request').map(({ token }) => token) as [number, number];
    server.port.drop(one);
    server.write(Outbound.reply, 0, two, dataBody(Uint8Array.of(9)));
    server.flush();
    expect(await client.outcome(first)).toMatchObject({ failure: 'interrupted' });
    expect(await client.outcome(second)).toMatchObject({ body: dataBody(Uint8Array.of(9)) });
  });
}
