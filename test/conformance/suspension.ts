/** Suspension: nothing is delivered, nothing leaves, nobody is accepted, until as many calls undo it. */
import { expect, it } from 'vitest';
import { isSame, numberBody, numberOf, patternBody } from './body.js';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';

export function suspensionTests(use: UseBench): void {
  it('a suspended connection is given nothing, and then all of it in order', async () => {
    const { port, connection, peer } = await use().privatePair();
    port.suspend(peer);
    for (let value = 0; value < 50; value += 1) port.message(connection, numberBody(value));
    port.request(connection, numberBody(50));
    await use().settle();
    expect(port.received).toEqual([]);
    port.resume(peer);
    await port.next('request');
    const values = port.received.map((record) => ('body' in record ? numberOf(record.body) : -1));
    expect(values).toEqual(Array.from({ length: 51 }, (_, value) => value));
  });

  it('what is sent over a suspended connection leaves after it, in order', async () => {
    const { port, connection, peer } = await use().privatePair();
    port.suspend(connection);
    for (let value = 0; value < 50; value += 1) port.message(connection, numberBody(value));
    await use().settle();
    expect(port.received).toEqual([]);
    port.resume(connection);
    for (let value = 50; value < 60; value += 1) port.message(connection, numberBody(value));
    await port.next('message', 60);
    const values = port.of('message', peer).map(({ body }) => numberOf(body));
    expect(values).toEqual(Array.from({ length: 60 }, (_, value) => value));
  });

  it('a reply of a suspended peer leaves after it', async () => {
    const { port, connection, peer } = await use().privatePair();
    const id = port.request(connection);
    const request = await port.next('request');
    port.suspend(peer);
    port.reply(request, numberBody(3));
    await use().settle();
    expect(port.of('reply')).toEqual([]);
    port.resume(peer);
    expect(await port.outcome(id)).toMatchObject({ type: 'reply', body: numberBody(3) });
  });

  it('suspended from within what it is given, it loses nothing', async () => {
    const { port, connection, peer } = await use().privatePair();
    let isSuspended = false;
    port.onRecord = (record) => {
      if (isSuspended || record.type !== 'message') return;
      isSuspended = true;
      port.suspend(peer);
    };
    for (let value = 0; value < 300; value += 1) port.message(connection, patternBody(4096, value));
    await port.next('message');
    await use().settle();
    // What the delivery already held comes; the rest waits.
    const before = port.of('message').length;
    await use().settle();
    expect(port.of('message')).toHaveLength(before);
    if (!use().environment.isConcurrent) expect(before).toBeLessThan(300);
    port.resume(peer);
    await port.next('message', 300);
    expect(port.of('message').every(({ body }, value) => isSame(body, patternBody(4096, value)))).toBe(true);
  });

  it('suspensions nest', async () => {
    const { port, connection, peer } = await use().privatePair();
    for (let count = 0; count < 3; count += 1) port.suspend(peer);
    port.message(connection);
    for (let count = 0; count < 2; count += 1) {
      port.resume(peer);
      await use().settle();
      expect(port.received).toEqual([]);
    }
    port.resume(peer);
    await port.next('message');
  });

  it('a connection can be suspended before it is active', async () => {
    const { port, endpoint } = await use().privatePair();
    echo(port);
    const connection = port.connect({ endpoint });
    port.suspend(connection);
    const id = port.request(connection);
    port.port.activate(connection);
    await use().settle();
    expect(port.of('request')).toEqual([]);
    expect(port.of('reply')).toEqual([]);
    port.resume(connection);
    expect(await port.outcome(id)).toMatchObject({ type: 'reply' });
  });

  it('one that is suspended and resumed before it is active is still inactive', async () => {
    const { port, endpoint } = await use().privatePair();
    echo(port);
    const connection = port.connect({ endpoint });
    port.suspend(connection);
    port.resume(connection);
    const id = port.request(connection);
    await use().settle();
    expect(port.received).toEqual([]);
    port.port.activate(connection);
    expect(await port.outcome(id)).toMatchObject({ type: 'reply' });
  });

  it.each(['connection', 'peer', 'listener'] as const)(
    'a resume too many is a TypeError: %s',
    async (which) => {
      const pair = await use().privatePair();
      const { port, connection } = pair;
      const handle = pair[which];
      expect(() => port.resume(handle)).toThrow(TypeError);
      port.suspend(handle);
      port.resume(handle);
      expect(() => port.resume(handle)).toThrow(TypeError);
      echo(port);
      expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
    },
  );

  it('a resume too many of an inactive connection is a TypeError, and does not activate it', async () => {
    const { client } = use();
    const handle = client.connect(use().environment.target('com.example.nobody'));
    expect(() => client.resume(handle)).toThrow(TypeError);
    await use().settle();
    expect(client.received).toEqual([]);
  });

  it.each([1, 3])('cancelling ends %i suspensions', async (count) => {
    const { port, connection, peer } = await use().privatePair();
    const id = port.request(connection);
    await port.next('request');
    for (let index = 0; index < count; index += 1) port.suspend(connection);
    port.message(connection);
    port.cancel(connection);
    port.resume(connection);
    await port.event(connection, 'invalid');
    expect(await port.outcome(id)).toMatchObject({ failure: 'invalid' });
    port.resume(connection);
    port.suspend(connection);
    await port.event(peer, 'invalid');
    expect(port.of('message')).toEqual([]);
  });

  it('cancelling a suspended connection that is not active gives the final event', async () => {
    const { client } = use();
    const handle = client.connect(use().environment.target('com.example.nobody'));
    client.suspend(handle);
    client.suspend(handle);
    client.cancel(handle);
    await client.event(handle, 'invalid');
    await use().settle();
    expect(client.events(handle)).toEqual(['invalid']);
  });

  it('a suspended listener accepts nobody, and then all who waited', async () => {
    const { port, listener, endpoint, connection } = await use().privatePair();
    port.suspend(listener);
    const ids = Array.from({ length: 5 }, () => port.request(port.dial({ endpoint })));
    await use().settle();
    expect(port.received).toEqual([]);
    echo(port);
    expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
    port.resume(listener);
    for (const id of ids) expect(await port.outcome(id)).toMatchObject({ type: 'reply' });
  });

  it('a suspended listener can be cancelled', async () => {
    const { port, listener, endpoint } = await use().privatePair();
    port.suspend(listener);
    const connection = port.dial({ endpoint });
    port.cancel(listener);
    await port.event(listener, 'invalid');
    await port.event(connection, 'invalid');
    expect(port.of('peer')).toEqual([]);
  });

  it('a suspended connection hears of the end of its peer when it is resumed', async () => {
    const { port, connection, peer } = await use().privatePair();
    port.suspend(connection);
    port.cancel(peer);
    await port.event(peer, 'invalid');
    await use().settle();
    expect(port.events(connection)).toEqual([]);
    port.resume(connection);
    await port.event(connection, 'invalid');
  });

  it('a port can be closed with suspended connections', async () => {
    const { port, connection, peer, listener } = await use().privatePair();
    for (const handle of [connection, peer, listener]) port.suspend(handle);
    port.message(connection);
    port.port.close();
    await use().settle();
    expect(port.received).toEqual([]);
    expect(port.port.statistics()).toMatchObject({ connections: 0, listeners: 0 });
  });
}
