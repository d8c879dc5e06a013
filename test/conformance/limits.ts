/** What is refused, and that the connection goes on. */
import { expect, it } from 'vitest';
import { emptyBody, isSame, numberBody, patternBody } from './body.js';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';

const MIB = 1024 * 1024;

function changed(body: Uint8Array, index: number, word: number): Uint8Array {
  new DataView(body.buffer).setUint32(index * 4, word, true);
  return body;
}

export function limitTests(use: UseBench): void {
  it('a message over the limit fails as too large, and the connection goes on', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const body = patternBody(use().environment.maxBodyBytes + 4);
    const id = client.request(connection, body);
    client.message(connection, body);
    expect(await client.outcome(id)).toEqual({ type: 'failed', handle: connection, id, failure: 'tooLarge' });
    await client.event(connection, 'dropped');
    expect(client.of('event')).toMatchObject([{ event: 'dropped', failure: 'tooLarge' }]);
    echo(server);
    expect(await client.outcome(client.request(connection, numberBody(4)))).toMatchObject({ type: 'reply' });
    expect(server.received).toHaveLength(1);
  });

  it('a reply over the limit drops the request, and says so', async () => {
    const { client, server } = use();
    const { connection, peer } = await use().pair();
    const id = client.request(connection);
    server.reply(await server.next('request'), patternBody(use().environment.maxBodyBytes + 4));
    expect(await client.outcome(id)).toMatchObject({ failure: 'interrupted' });
    await server.event(peer, 'dropped');
    expect(server.of('event')).toMatchObject([{ handle: peer, event: 'dropped', failure: 'tooLarge' }]);
  });

  it('a message of the greatest length arrives', async () => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const body = patternBody(use().environment.maxBodyBytes);
    client.message(connection, body);
    expect(isSame((await server.next('message')).body, body)).toBe(true);
  });

  it.each([
    ['nothing', () => new Uint8Array(0)],
    ['a header alone', () => emptyBody().subarray(0, 8)],
    ['a cut dictionary', () => emptyBody().subarray(0, 16)],
    ['another magic', () => changed(emptyBody(), 0, 0x40585043)],
    ['another version', () => changed(emptyBody(), 1, 4)],
    ['an array', () => changed(emptyBody(), 2, 0xe000)],
  ])('%s for a body is malformed, and the connection goes on', async (_what, make) => {
    const { client, server } = use();
    const { connection } = await use().pair();
    const id = client.request(connection, make());
    client.message(connection, make());
    expect(await client.outcome(id)).toEqual({
      type: 'failed',
      handle: connection,
      id,
      failure: 'malformed',
    });
    await client.event(connection, 'dropped');
    expect(client.of('event')).toMatchObject([{ event: 'dropped', failure: 'malformed' }]);
    echo(server);
    expect(await client.outcome(client.request(connection))).toMatchObject({ type: 'reply' });
    expect(server.received).toHaveLength(1);
  });

  it('a queue that grows is congested, then full, then drained when the service reads', async () => {
    const { client, server } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    const body = patternBody(MIB);
    const ids = Array.from({ length: 80 }, () => client.request(connection, body));
    await client.event(connection, 'congested');
    await use().settle();
    const refused = client.of('failed');
    expect(refused.length).toBeGreaterThan(5);
    expect(refused.every(({ failure }) => failure === 'queueFull')).toBe(true);
    // The kernel has taken a part of what was queued, so there may be room for one more, but not for three.
    for (let count = 0; count < 3; count += 1) client.message(connection, body);
    await client.event(connection, 'dropped');
    expect(client.of('event').find(({ event }) => event === 'dropped')?.failure).toBe('queueFull');
    server.listen({ name: service.name, descriptor: service.descriptor });
    await server.next('request', ids.length - refused.length);
    await client.event(connection, 'drained');
    await use().settle();
    expect([...new Set(client.events(connection))]).toEqual(['congested', 'dropped', 'drained']);
    expect(server.of('request').every((request) => isSame(request.body, body))).toBe(true);
    echo(server);
    expect(await client.outcome(client.request(connection))).toMatchObject({ type: 'reply' });
  });

  it('messages before activation are queued within the same bound', async () => {
    const { client } = use();
    const connection = client.connect(use().environment.target('com.example.nobody'));
    const body = patternBody(MIB);
    for (let count = 0; count < 70; count += 1) client.message(connection, body);
    await client.event(connection, 'dropped');
    expect(client.of('event').filter(({ failure }) => failure === 'queueFull').length).toBeGreaterThan(3);
    client.cancel(connection);
    await client.event(connection, 'invalid');
  });

  it('an interruption ends congestion, since what was queued is lost', async () => {
    const { client } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    for (let count = 0; count < 10; count += 1) client.message(connection, patternBody(MIB));
    await client.event(connection, 'congested');
    use().supervisor.closeDescriptor(service.descriptor);
    await client.event(connection, 'interrupted');
    await client.event(connection, 'drained');
  });
}
