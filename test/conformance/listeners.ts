/** Listeners, the peers they accept, and who those are. */
import { expect, it } from 'vitest';
import { numberBody, numberOf } from './body.js';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';
import { TestPort } from './test-port.js';

export function listenerTests(use: UseBench): void {
  const self = () => ({ pid: process.pid, euid: process.geteuid?.(), egid: process.getegid?.(), asid: -1 });

  it('both ends know who the other is', async () => {
    const { client, server } = use();
    const { connection, peer, listener } = await use().pair();
    expect(client.port.peer(connection)).toEqual(self());
    expect(server.port.peer(peer)).toEqual(self());
    expect(server.port.peer(listener)).toEqual({ pid: -1, euid: -1, egid: -1, asid: -1 });
  });

  it('a peer is reported with its credentials, before its messages', async () => {
    const { client, server } = use();
    const service = use().service();
    const handle = server.listen({ name: service.name, descriptor: service.descriptor });
    client.message(client.dial(service.target));
    await server.next('message');
    const { peer } = await server.next('peer');
    expect(server.received).toMatchObject([
      { type: 'peer', handle, peer, credentials: self() },
      { type: 'message', handle: peer },
    ]);
  });

  it('an inactive listener accepts nobody', async () => {
    const { client, server } = use();
    const service = use().service();
    const listener = server.port.listen({ name: service.name, descriptor: service.descriptor });
    client.message(client.dial(service.target));
    await use().settle();
    expect(server.received).toEqual([]);
    server.port.activate(listener);
    await server.next('message');
  });

  it('has its own duplicate of the descriptor', async () => {
    const { client, server } = use();
    const service = use().service();
    const listener = server.port.listen({ name: service.name, descriptor: service.descriptor });
    const connection = client.dial(service.target);
    await use().settle();
    use().supervisor.closeDescriptor(service.descriptor);
    server.port.activate(listener);
    echo(server);
    expect(await client.outcome(client.request(connection))).toMatchObject({ type: 'reply' });
  });

  it('a descriptor that does not listen makes the listener invalid', async () => {
    const { server } = use();
    const { address } = use().environment.target('lock');
    const descriptor = use().supervisor.lock(address as string);
    const listener = server.listen({ name: 'com.example.lock', descriptor });
    await server.event(listener, 'invalid');
  });

  it('cancelling a listener cancels its peers, and the descriptor stays good for another', async () => {
    const { client, server } = use();
    const { connection, peer, listener, service } = await use().pair();
    const id = client.request(connection);
    await server.next('request');
    server.cancel(listener);
    await Promise.all([server.event(peer, 'invalid'), server.event(listener, 'invalid')]);
    expect(await client.outcome(id)).toMatchObject({ failure: 'interrupted' });
    const again = client.request(connection, numberBody(2));
    echo(server);
    server.listen({ name: service.name, descriptor: service.descriptor });
    expect(await client.outcome(again)).toMatchObject({ type: 'reply', body: numberBody(2) });
    expect(server.port.statistics()).toMatchObject({ listeners: 1, connections: 1 });
  });

  it('a client that waits is not lost when a listener is cancelled before it accepts', async () => {
    const { client, server } = use();
    const service = use().service();
    const first = server.port.listen({ name: service.name, descriptor: service.descriptor });
    const id = client.request(client.dial(service.target));
    await use().settle();
    server.cancel(first);
    await server.event(first, 'invalid');
    echo(server);
    server.listen({ name: service.name, descriptor: service.descriptor });
    expect(await client.outcome(id)).toMatchObject({ type: 'reply' });
  });

  it('one listener serves many clients, each with messages of its own', async () => {
    const { client, server } = use();
    const service = use().service();
    server.listen({ name: service.name, descriptor: service.descriptor });
    const handles = Array.from({ length: 40 }, () => client.dial(service.target));
    for (const [index, handle] of handles.entries()) client.message(handle, numberBody(index));
    await server.next('message', 40);
    const values = server.of('message').map(({ body }) => numberOf(body));
    expect(values.sort((a, b) => a - b)).toEqual(handles.map((_, index) => index));
    expect(new Set(server.of('message').map(({ handle }) => handle)).size).toBe(40);
  });

  it('two services on one port tell their peers apart', async () => {
    const { client, server } = use();
    const services = [use().service(), use().service()];
    const listeners = services.map(({ name, descriptor }) => server.listen({ name, descriptor }));
    for (const { target } of services) client.message(client.dial(target));
    await server.next('message', 2);
    const owners = server.of('peer').map(({ handle }) => handle);
    expect(owners.sort()).toEqual(listeners.sort());
  });

  it('two ports of one process can talk, and each hears only its own', async () => {
    const { client, server } = use();
    const { connection, service } = await use().pair();
    const third = use().port();
    const other = third.dial(service.target);
    const [mine, theirs] = [client.request(connection, numberBody(1)), third.request(other, numberBody(2))];
    await server.next('request', 2);
    for (const request of server.of('request')) server.reply(request);
    expect(await client.outcome(mine)).toMatchObject({ body: numberBody(1) });
    expect(await third.outcome(theirs)).toMatchObject({ body: numberBody(2) });
    expect([client.received.length, third.received.length]).toEqual([1, 1]);
  });

  it('a port can talk to itself', async () => {
    const { client } = use();
    const service = use().service();
    client.listen({ name: service.name, descriptor: service.descriptor });
    echo(client);
    const id = client.request(client.dial(service.target), numberBody(6));
    expect(await client.outcome(id)).toMatchObject({ type: 'reply', body: numberBody(6) });
    expect(client.port.statistics()).toMatchObject({ connections: 2, listeners: 1 });
  });

  it('launchd case 61: clients beyond the backlog wait and are served', async () => {
    const { client, server } = use();
    const service = use().service(1);
    const ids = Array.from({ length: 8 }, () => client.request(client.dial(service.target)));
    await use().settle();
    expect(client.received).toEqual([]);
    echo(server);
    server.listen({ name: service.name, descriptor: service.descriptor });
    for (const id of ids) expect(await client.outcome(id)).toMatchObject({ type: 'reply' });
  });

  it('a peer of another user is refused unread, and counted', async ({ skip }) => {
    const { environment, server } = use();
    const strange = environment.stranger?.();
    if (strange === undefined) return skip('needs a second user');
    const service = use().service();
    const listener = server.listen({ name: service.name, descriptor: service.descriptor });
    const stranger = new TestPort(strange);
    const connection = stranger.dial(service.target);
    const id = stranger.request(connection);
    const { credentials } = await server.next('refused');
    expect(credentials).toMatchObject({ euid: 54_321, egid: 54_322 });
    expect(server.received).toMatchObject([{ type: 'refused', handle: listener }]);
    expect(server.port.statistics().peersRefused).toBe(1);
    expect(await stranger.outcome(id)).toMatchObject({ failure: 'interrupted' });
    stranger.port.close();
  });

  it('a listener can allow any user', async ({ skip }) => {
    const { environment, server } = use();
    const strange = environment.stranger?.();
    if (strange === undefined) return skip('needs a second user');
    const service = use().service();
    server.listen({ name: service.name, descriptor: service.descriptor, requirement: { users: 'any' } });
    const stranger = new TestPort(strange);
    echo(server);
    expect(await stranger.outcome(stranger.request(stranger.dial(service.target)))).toMatchObject({
      type: 'reply',
    });
    expect((await server.next('peer')).credentials).toMatchObject({ euid: 54_321, egid: 54_322 });
    stranger.port.close();
  });
}
