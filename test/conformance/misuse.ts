/** Wrong calls: each is a TypeError or is ignored, and none harms what is under way. */
import { expect, it } from 'vitest';
import { type ConnectTarget, type ListenTarget, Outbound } from '../../src/native/index.js';
import { emptyBody } from './body.js';
import type { UseBench } from './define.js';

export function misuseTests(use: UseBench): void {
  const nobody = () => use().environment.target('com.example.nobody');

  it.each([-4, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, '16'])(
    'flush of %s bytes is a TypeError',
    (byteLength) => {
      expect(() => use().client.port.flush(byteLength as number)).toThrow(TypeError);
    },
  );

  it('flush beyond the outbox is a TypeError, of nothing is nothing', () => {
    const { port } = use().client;
    expect(() => port.flush(port.outbox.byteLength + 4)).toThrow(TypeError);
    port.flush(0);
  });

  it.each([
    ['a cut header', [16, 1, 1], 12],
    ['a length of zero', [0, 1, 1, 0], 16],
    ['a record shorter than its header', [12, 1, 1, 0], 16],
    ['a record longer than the burst', [20, 1, 1, 0], 16],
    ['a length that is not a multiple of 4', [18, 1, 1, 0, 0], 20],
    ['an enormous length', [0xffff_fffc, 1, 1, 0], 16],
    ['kind 0', [16, 0, 1, 0], 16],
    ['an inbound kind', [16, 6, 1, 0], 16],
    ['a flagged kind', [16, 0x8000_0001, 1, 0], 16],
  ])('a burst that ends with %s is a TypeError, and nothing of it is sent', async (_what, words, length) => {
    const { client } = use();
    const handle = client.connect(nobody());
    const { outbox } = client.port;
    new Uint32Array(outbox, 0, 4).set([16 + 20, Outbound.request, handle, 77]);
    new Uint8Array(outbox, 16, 20).set(emptyBody());
    new Uint32Array(outbox, 36, words.length).set(words);
    expect(() => client.port.flush(36 + length)).toThrow(TypeError);
    client.cancel(handle);
    await client.event(handle, 'invalid');
    expect(client.of('failed')).toEqual([]);
  });

  it('send of what is no record is a TypeError', () => {
    const { port } = use().client;
    const body = emptyBody();
    expect(() => port.send(0, 1, 0, body)).toThrow(TypeError);
    expect(() => port.send(4, 1, 0, body)).toThrow(TypeError);
    expect(() => port.send(1, -1, 0, body)).toThrow(TypeError);
    expect(() => port.send(1, 1, 2 ** 32, body)).toThrow(TypeError);
    expect(() => port.send(1, 1, 0, 'text' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => port.send(1, 1, 0, new Uint16Array(10) as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => port.send(1, 1, 0, new Uint8Array(new SharedArrayBuffer(20)))).toThrow(TypeError);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no name', { address: '/x' }],
    ['an empty name', { name: '', address: '/x' }],
    ['a name of 128 bytes', { name: 'x'.repeat(128), address: '/x' }],
    ['a name with NUL', { name: 'a\0b', address: '/x' }],
    ['an address that is no string', { name: 'a', address: 1 }],
    ['a flag that is no boolean', { name: 'a', address: '/x', privileged: 1 }],
  ])('connecting to %s is a TypeError', (_what, target) => {
    expect(() => use().client.port.connect(target as ConnectTarget)).toThrow(TypeError);
    expect(use().client.port.statistics().connections).toBe(0);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty name', { name: '' }],
    ['a negative descriptor', { name: 'a', descriptor: -1 }],
    ['a descriptor that is no number', { name: 'a', descriptor: '3' }],
    ['a descriptor that is not open', { name: 'a', descriptor: 987_654 }],
  ])('listening on %s is a TypeError', (_what, target) => {
    expect(() => use().server.port.listen(target as ListenTarget)).toThrow(TypeError);
    expect(use().server.port.statistics().listeners).toBe(0);
  });

  it.each([undefined, null, 'one', {}, 1.5, -1])('a handle that is %s is a TypeError', (handle) => {
    const { port } = use().client;
    const wrong = handle as unknown as number;
    for (const call of [port.activate, port.cancel, port.barrier, port.peer, port.drop]) {
      expect(() => call.call(port, wrong)).toThrow(TypeError);
    }
  });

  it('opening without a function to deliver to is a TypeError', () => {
    const { binding } = use().environment;
    expect(() => binding.open(undefined as never)).toThrow(TypeError);
  });

  it('handles and tokens that name nothing are ignored, but a request for one fails', async () => {
    const { client } = use();
    const own = client.connect(nobody());
    const strange = [0, own + 1, 0x7fff_ffff, 0xffff_ffff];
    for (const handle of strange) {
      client.port.activate(handle);
      client.cancel(handle);
      client.port.drop(handle);
      client.port.barrier(handle);
      expect(client.port.peer(handle)).toEqual({ pid: -1, euid: -1, egid: -1, asid: -1 });
      client.message(handle);
      client.port.send(Outbound.reply, own, handle, emptyBody());
    }
    await use().settle();
    expect(client.received).toEqual([]);
    for (const handle of strange) {
      expect(await client.outcome(client.request(handle))).toMatchObject({ handle, failure: 'invalid' });
    }
  });

  it('a listener takes no messages', async () => {
    const { server } = use();
    const listener = server.port.listen({ name: 'com.example.unregistered' });
    server.message(listener);
    expect(await server.outcome(server.request(listener))).toMatchObject({ failure: 'invalid' });
    expect(server.received).toHaveLength(1);
  });

  it('a closed port takes calls and does nothing, except that it cannot connect or listen', () => {
    const { port } = use().client;
    const handle = port.connect(nobody());
    port.close();
    port.activate(handle);
    port.cancel(handle);
    port.drop(handle);
    port.barrier(handle);
    port.flush(0);
    port.send(Outbound.request, handle, 1, emptyBody());
    port.setActive(true);
    expect(port.peer(handle)).toEqual({ pid: -1, euid: -1, egid: -1, asid: -1 });
    expect(() => port.connect(nobody())).toThrow('closed');
    expect(() => port.listen({ name: 'com.example.nobody' })).toThrow('closed');
  });
}
