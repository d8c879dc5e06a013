/** Anonymous listeners and endpoints within a process: what leads where, and what ends with what. */
import { expect, it } from 'vitest';
import { numberBody, numberOf } from './body.js';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';
import { received } from './rights.js';
import { endpoint as endpointRight, memory } from './rights-body.js';

export function endpointTests(use: UseBench): void {
  it('both ends of a connection to an endpoint know who the other is', async () => {
    const { port, connection, peer } = await use().privatePair();
    const self = { pid: process.pid, euid: process.geteuid?.(), egid: process.getegid?.() };
    expect(port.port.peer(connection)).toMatchObject(self);
    expect(port.port.peer(peer)).toMatchObject(self);
  });

  it('one endpoint makes many connections, each its own', async () => {
    const { port, endpoint } = await use().privatePair();
    const connections = Array.from({ length: 20 }, () => port.dial({ endpoint }));
    for (const [index, handle] of connections.entries()) port.message(handle, numberBody(index));
    await port.next('message', 20);
    const values = port.of('message').map(({ body }) => numberOf(body));
    expect(values.sort((a, b) => a - b)).toEqual(connections.map((_, index) => index));
    const [first, ...others] = connections as [number, ...number[]];
    port.cancel(first);
    await port.event(first, 'invalid');
    echo(port);
    for (const handle of others) {
      expect(await port.outcome(port.request(handle))).toMatchObject({ type: 'reply' });
    }
  });

  it('a listener gives a new endpoint at each call, and all lead to it', async () => {
    const { port, listener } = await use().privatePair();
    echo(port);
    const endpoints = [port.port.endpoint(listener), port.port.endpoint(listener)];
    expect(new Set(endpoints).size).toBe(2);
    for (const endpoint of endpoints) {
      const connection = port.dial({ endpoint });
      expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
    }
    expect(port.of('peer').map(({ handle }) => handle)).toEqual([listener, listener]);
  });

  it('an endpoint leads to its own listener', async () => {
    const { port } = use().client;
    const ports = use().client;
    const listeners = [ports.listen({}), ports.listen({})];
    const endpoints = listeners.map((listener) => port.endpoint(listener));
    for (const [index, endpoint] of endpoints.entries())
      ports.message(ports.dial({ endpoint }), numberBody(index));
    await ports.next('message', 2);
    const owners = new Map(ports.of('peer').map(({ handle, peer }) => [peer, handle]));
    for (const { handle, body } of ports.of('message')) {
      expect(owners.get(handle)).toBe(listeners[numberOf(body)]);
    }
  });

  it('who connects to a listener that is not active yet waits for it', async () => {
    const { client } = use();
    const listener = client.port.listen({});
    const connection = client.dial({ endpoint: client.port.endpoint(listener) });
    const id = client.request(connection, numberBody(4));
    await use().settle();
    expect(client.received).toEqual([]);
    echo(client);
    client.port.activate(listener);
    expect(await client.outcome(id)).toMatchObject({ type: 'reply', body: numberBody(4) });
  });

  it('an endpoint that a message brought leads to the listener', async () => {
    const { port, listener, connection, endpoint } = await use().privatePair();
    const [got] = (await received(port, connection, endpointRight(endpoint))) as [number];
    expect(got).not.toBe(endpoint);
    port.port.release(endpoint);
    echo(port);
    const other = port.dial({ endpoint: got });
    expect(await port.outcome(port.request(other))).toMatchObject({ type: 'reply' });
    expect(port.of('peer')).toMatchObject([{ handle: listener }]);
  });

  it('cancelling the listener makes its connections invalid, never interrupted', async () => {
    const { port, listener, endpoint, connection } = await use().privatePair();
    const idle = port.dial({ endpoint });
    await port.next('peer');
    const id = port.request(connection);
    await port.next('request');
    port.cancel(listener);
    await port.event(connection, 'invalid');
    await port.event(idle, 'invalid');
    expect(await port.outcome(id)).toMatchObject({ type: 'failed', failure: 'invalid' });
    expect([...port.events(connection), ...port.events(idle)]).toEqual(['invalid', 'invalid']);
    expect(await port.outcome(port.request(connection))).toMatchObject({ failure: 'invalid' });
  });

  it('a connection whose peer is cancelled is invalid, and the endpoint is still good', async () => {
    const { port, endpoint, connection, peer } = await use().privatePair();
    port.cancel(peer);
    await port.event(connection, 'invalid');
    expect(port.events(connection)).toEqual(['invalid']);
    echo(port);
    expect(await port.outcome(port.request(port.dial({ endpoint })))).toMatchObject({ type: 'reply' });
  });

  it('a dropped request alone is interrupted', async () => {
    const { port, connection } = await use().privatePair();
    const id = port.request(connection);
    port.port.drop((await port.next('request')).token);
    expect(await port.outcome(id)).toMatchObject({ failure: 'interrupted' });
    await use().settle();
    expect(port.events(connection)).toEqual([]);
  });

  it('the endpoint of a dead listener leads nowhere', async () => {
    const { port, listener, endpoint, connection: before, peer } = await use().privatePair();
    port.cancel(listener);
    for (const handle of [listener, before, peer]) await port.event(handle, 'invalid');
    port.received.splice(0);
    const connection = port.connect({ endpoint });
    const id = port.request(connection);
    await use().settle();
    expect(port.received).toEqual([]);
    port.port.activate(connection);
    await port.event(connection, 'invalid');
    expect(await port.outcome(id)).toMatchObject({ failure: 'invalid' });
    expect(port.events(connection)).toEqual(['invalid']);
  });

  it('a listener that is cancelled before it is active takes who waits with it', async () => {
    const { client } = use();
    const listener = client.port.listen({});
    const connection = client.dial({ endpoint: client.port.endpoint(listener) });
    await use().settle();
    client.cancel(listener);
    await client.event(listener, 'invalid');
    await client.event(connection, 'invalid');
  });

  it('a released endpoint is none any more, but what was made of it goes on', async () => {
    const { port, endpoint, connection } = await use().privatePair();
    const inactive = port.connect({ endpoint });
    expect(port.port.statistics().rights).toBe(1);
    port.port.release(endpoint);
    port.port.release(endpoint);
    expect(port.port.statistics().rights).toBe(0);
    expect(() => port.port.connect({ endpoint })).toThrow(TypeError);
    echo(port);
    port.port.activate(inactive);
    for (const handle of [connection, inactive]) {
      expect(await port.outcome(port.request(handle))).toMatchObject({ type: 'reply' });
    }
  });

  it('only what is an endpoint can be connected to, and only a listener has one', async () => {
    const { port, listener, endpoint, connection, peer } = await use().privatePair();
    const bytes = port.port.createMemory(4);
    for (const handle of [listener, connection, peer, bytes, 0, 0x7fff_0000]) {
      expect(() => port.port.connect({ endpoint: handle })).toThrow(TypeError);
    }
    for (const handle of [endpoint, connection, peer, bytes, 0, 0x7fff_0000]) {
      expect(() => port.port.endpoint(handle)).toThrow(TypeError);
    }
    expect(use().server.port.statistics().rights).toBe(0);
    expect(() => use().server.port.connect({ endpoint })).toThrow(TypeError);
  });

  it('listeners and connections are no rights, nor are rights connections', async () => {
    const { port, listener, endpoint, connection } = await use().privatePair();
    const bytes = port.port.createMemory(4);
    for (const handle of [listener, connection]) port.port.release(handle);
    for (const handle of [endpoint, bytes]) {
      port.cancel(handle);
      port.port.activate(handle);
      port.suspend(handle);
      port.resume(handle);
      expect(await port.outcome(port.request(handle))).toMatchObject({ failure: 'invalid' });
    }
    echo(port);
    expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
    expect((await received(port, connection, endpointRight(endpoint), memory(bytes, 4))).length).toBe(2);
  });

  it('closing a port ends its listeners for those who have an endpoint', async () => {
    const { port, connection } = await use().privatePair();
    const { server } = use();
    const listener = port.listen({});
    const target = port.port.endpoint(listener);
    expect((await received(port, connection, endpointRight(target))).length).toBe(1);
    port.port.close();
    await use().settle();
    expect(server.received).toEqual([]);
    expect(port.port.statistics()).toMatchObject({ connections: 0, listeners: 0, rights: 0 });
  });
}
