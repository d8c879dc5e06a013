/** What a client sees that needs no service. */
import { expect, it } from 'vitest';
import type { UseBench } from './define.js';

export function clientTests(use: UseBench): void {
  const nobody = () => use().environment.target('com.example.nobody');

  it('a name that nobody has makes the connection invalid, once it is activated', async () => {
    const { client } = use();
    const handle = client.connect(nobody());
    await use().settle();
    expect(client.received).toEqual([]);
    client.port.activate(handle);
    await client.event(handle, 'invalid');
    await use().settle();
    expect(client.received).toEqual([{ type: 'event', handle, event: 'invalid', failure: 'invalid' }]);
    expect(client.port.statistics().connections).toBe(0);
  });

  it('requests to such a name fail before the final event', async () => {
    const { client, environment } = use();
    const handle = client.connect(nobody());
    const ids = [client.request(handle), client.request(handle)];
    client.port.activate(handle);
    client.message(handle);
    // Where it may be too late for this one, it fails as for a handle that is gone.
    if (!environment.isConcurrent) ids.push(client.request(handle));
    await client.event(handle, 'invalid');
    expect(client.received.slice(0, ids.length)).toEqual(
      ids.map((id) => ({ type: 'failed', handle, id, failure: 'invalid' })),
    );
    expect(client.received).toHaveLength(ids.length + 1);
  });

  it('cancelling before activation gives the final event', async () => {
    const { client } = use();
    const handle = client.connect(nobody());
    const id = client.request(handle);
    client.cancel(handle);
    await client.event(handle, 'invalid');
    expect(client.received.map((record) => record.type)).toEqual(['failed', 'event']);
    expect(await client.outcome(id)).toMatchObject({ failure: 'invalid' });
  });

  it('cancelling twice, and activating after that, gives one final event', async () => {
    const { client } = use();
    const handle = client.connect(nobody());
    client.cancel(handle);
    client.cancel(handle);
    client.port.activate(handle);
    await client.event(handle, 'invalid');
    client.cancel(handle);
    client.port.activate(handle);
    await use().settle();
    expect(client.events(handle)).toEqual(['invalid']);
  });

  it('a request made while the connection ends fails before the final event, a later one after it', async () => {
    const { client, environment } = use();
    const handle = client.connect(nobody());
    client.cancel(handle);
    const early = client.request(handle);
    client.message(handle);
    await client.event(handle, 'invalid');
    const types = client.received.map((record) => record.type);
    // Where the end may have been reported already, the early one may be a late one.
    expect(environment.isConcurrent ? types.sort().reverse() : types).toEqual(['failed', 'event']);
    const late = client.request(handle);
    client.message(handle);
    expect(await client.outcome(early)).toMatchObject({ handle, failure: 'invalid' });
    expect(await client.outcome(late)).toMatchObject({ handle, failure: 'invalid' });
    expect(client.received).toHaveLength(3);
  });

  it('nobody is at the other end of a connection without contact', async () => {
    const { client } = use();
    const unknown = { pid: -1, euid: -1, egid: -1, asid: -1 };
    const handle = client.connect(nobody());
    expect(client.port.peer(handle)).toEqual(unknown);
    client.port.activate(handle);
    await client.event(handle, 'invalid');
    expect(client.port.peer(handle)).toEqual(unknown);
  });

  it('a listener that nobody gave a socket is invalid, once it is activated', async () => {
    const { server } = use();
    const handle = server.port.listen({ name: 'com.example.unregistered' });
    expect(server.port.statistics().listeners).toBe(1);
    await use().settle();
    expect(server.received).toEqual([]);
    server.port.activate(handle);
    await server.event(handle, 'invalid');
    await use().settle();
    expect(server.received).toEqual([{ type: 'event', handle, event: 'invalid', failure: 'invalid' }]);
    expect(server.port.statistics().listeners).toBe(0);
  });

  it('a listener cancelled before activation ends too', async () => {
    const { server } = use();
    const handle = server.port.listen({ name: 'com.example.unregistered' });
    server.cancel(handle);
    await server.event(handle, 'invalid');
    await use().settle();
    expect(server.events(handle)).toEqual(['invalid']);
  });

  it('handles are not reused while their owner may still name them', () => {
    const { client } = use();
    const handles = Array.from({ length: 100 }, () => client.connect(nobody()));
    expect(new Set(handles).size).toBe(100);
    expect(handles).not.toContain(0);
  });

  it('closing a port silences it', async () => {
    const { client } = use();
    const active = client.dial(nobody());
    const inactive = client.connect(nobody());
    client.request(active);
    client.request(inactive);
    client.port.close();
    client.port.close();
    await use().settle();
    expect(client.received).toEqual([]);
    const { connections, listeners, openTokens } = client.port.statistics();
    expect({ connections, listeners, openTokens }).toEqual({ connections: 0, listeners: 0, openTokens: 0 });
  });

  it('a port can be closed by its own delivery', async () => {
    const { client } = use();
    client.onRecord = () => client.port.close();
    const handle = client.connect(nobody());
    client.request(handle);
    client.port.activate(handle);
    client.dial(nobody());
    await client.until('a record', () => client.received.length > 0);
    const { deliveries } = client.port.statistics();
    await use().settle();
    expect(client.port.statistics().deliveries).toBe(deliveries);
  });

  it('whether the port keeps the loop alive may be said at any time', async () => {
    const { client } = use();
    client.port.setActive(false);
    client.port.setActive(true);
    const handle = client.dial(nobody());
    client.port.setActive(false);
    client.port.setActive(false);
    client.port.setActive(true);
    await client.event(handle, 'invalid');
  });
}
