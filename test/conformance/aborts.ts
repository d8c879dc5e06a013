/** What XPC ends the process for: JavaScript may try each, and everything goes on. */
import { expect, it } from 'vitest';
import { Outbound, RECORD_HAS_RIGHTS } from '../../src/native/index.js';
import type { PrivatePair } from './bench.js';
import { dataBody, emptyBody, numberBody } from './body.js';
import type { UseBench } from './define.js';
import { withTable } from './received.js';
import { letGo } from './rights.js';
import { carrying, descriptor, memory } from './rights-body.js';

const BARE_MAGIC = 0x42133742;
const MACH_MAGIC = 0x40585043;

/** A serialization of `{ v: … }` out of words. */
function bodyOf(magic: number, value: readonly number[]): Uint8Array {
  const head = [magic, 5, 0xf000, 4 + 4 + 4 * value.length, 1, 0x76];
  return new Uint8Array(Uint32Array.from(head.concat(value)).buffer);
}

function nested(depth: number, type: number): number[] {
  const words = Array.from({ length: depth }, () => (type === 0xe000 ? [type, 4, 1] : [type, 4, 1, 0x76]));
  return [...words.flat(), 0x1000];
}

/** Values that are no values, and containers that are not what they say. */
const WRONG_VALUES: Readonly<Record<string, number[]>> = {
  'type 0': [0],
  'a pointer': [0x6000, 1, 2],
  'a Mach send right': [0xd000],
  'an error': [0x10000, 4, 0],
  'a connection': [0x11000],
  'a rich error that is cut': [0x1c000, 100],
  'a type beyond all': [0x1e000],
  'a string without its NUL': [0x9000, 4, 0x64636261],
  'a string with a NUL inside': [0x9000, 4, 0x00620061],
  'an empty string without a NUL': [0x9000, 0],
  'data that is cut': [0x8000, 0x7fff_ffff],
  'data of 4 GiB': [0x8000, 0xffff_ffff],
  'an array of 2^32 elements': [0xe000, 4, 0xffff_ffff],
  'a dictionary of 2^32 keys': [0xf000, 4, 0xffff_ffff],
  'arrays nested 100,000 deep': nested(100_000, 0xe000),
  'dictionaries nested 10,000 deep': nested(10_000, 0xf000),
  'a descriptor word': [0xb000],
};

export function abortTests(use: UseBench): void {
  /** The connection still answers. */
  const expectGoesOn = async ({ port, connection }: PrivatePair) => {
    const requests = port.of('request').length;
    const id = port.request(connection, numberBody(7));
    port.reply(await port.next('request', requests + 1));
    expect(await port.outcome(id)).toMatchObject({ type: 'reply', body: numberBody(7) });
  };

  it.each(Object.entries(WRONG_VALUES))('sending %s', async (_what, value) => {
    const pair = await use().privatePair();
    const { port, connection, peer } = pair;
    const right = descriptor(use().environment.files.open());
    port.message(connection, bodyOf(BARE_MAGIC, value));
    port.message(connection, bodyOf(MACH_MAGIC, value), [right]);
    port.message(peer, bodyOf(BARE_MAGIC, value));
    await expectGoesOn(pair);
    for (const { rights } of port.of('message')) letGo(port, rights ?? []);
  });

  it.each(Object.entries(WRONG_VALUES))('replying with %s', async (_what, value) => {
    const pair = await use().privatePair();
    const { port, connection } = pair;
    const id = port.request(connection);
    port.reply(await port.next('request'), bodyOf(BARE_MAGIC, value));
    await port.outcome(id);
    await expectGoesOn(pair);
  });

  it('replying twice, or after a drop, or dropping after a reply', async () => {
    const pair = await use().privatePair();
    const { port, connection } = pair;
    const ids = [port.request(connection), port.request(connection)];
    await port.next('request', 2);
    const [first, second] = port.of('request');
    if (first === undefined || second === undefined) throw new Error('no requests');
    for (const value of [1, 2]) port.reply(first, numberBody(value));
    port.port.drop(first.token);
    port.port.drop(second.token);
    port.port.drop(second.token);
    port.reply(second, numberBody(3));
    expect(await port.outcome(ids[0] as number)).toMatchObject({ body: numberBody(1) });
    expect(await port.outcome(ids[1] as number)).toMatchObject({ failure: 'interrupted' });
    expect([...port.of('reply'), ...port.of('failed')]).toHaveLength(2);
    await expectGoesOn(pair);
  });

  it('replying over another connection: the token says where it goes', async () => {
    const pair = await use().privatePair();
    const { port, connection, endpoint } = pair;
    const other = port.dial({ endpoint });
    const id = port.request(connection);
    const { token } = await port.next('request');
    port.write(Outbound.reply, other, token, numberBody(5));
    port.flush();
    expect(await port.outcome(id)).toMatchObject({ handle: connection, body: numberBody(5) });
    await expectGoesOn(pair);
  });

  it('replying to what is no request: a message, a reply, a handle', async () => {
    const pair = await use().privatePair();
    const { port, connection, peer, listener, endpoint } = pair;
    port.message(connection);
    await port.next('message');
    for (const token of [0, connection, peer, listener, endpoint, 0xffff_ffff]) {
      port.write(Outbound.reply, peer, token, emptyBody());
      port.write(Outbound.reply, connection, token, emptyBody());
    }
    port.flush();
    await use().settle();
    expect([...port.of('reply'), ...port.of('event')]).toEqual([]);
    await expectGoesOn(pair);
  });

  it('leaving a connection inactive, or suspended, or both, to the end of its port', async () => {
    const port = use().port();
    const listener = port.listen({});
    const endpoint = port.call(() => port.port.endpoint(listener));
    port.connect({ endpoint });
    port.port.listen({});
    port.suspend(port.port.listen({}));
    port.suspend(port.connect({ endpoint }));
    port.suspend(port.dial({ endpoint }));
    const connection = port.dial({ endpoint });
    const { peer } = await port.next('peer');
    port.suspend(peer);
    port.suspend(connection);
    port.suspend(listener);
    port.port.close();
    expect(port.port.statistics()).toMatchObject({ connections: 0, listeners: 0, rights: 0 });
  });

  it('cancelling from within what is delivered, and every other call', async () => {
    const pair = await use().privatePair();
    const { port, connection, peer } = pair;
    const { files } = use().environment;
    const file = files.open();
    const bytes = port.port.createMemory(8);
    port.onRecord = (record) => {
      if (record.type !== 'message') return;
      port.suspend(peer);
      port.resume(peer);
      port.port.barrier(peer);
      port.port.peer(peer);
      letGo(port, record.rights ?? []);
      port.message(peer, ...carrying(memory(bytes, 8)));
      port.port.release(bytes);
      port.cancel(peer);
      port.cancel(connection);
      port.message(peer);
    };
    port.message(connection, ...carrying(descriptor(file), memory(bytes, 8)));
    await port.event(connection, 'invalid');
    await port.event(peer, 'invalid');
    expect(port.port.statistics().rights).toBe(1);
  });

  it('more ends of being busy than beginnings', async () => {
    const pair = await use().privatePair();
    const other = use().port();
    for (const { port } of [pair.port, other]) {
      port.setBusy(false);
      port.setBusy(true);
      port.setBusy(false);
      port.setBusy(false);
    }
    other.port.close();
    other.port.setBusy(false);
    await expectGoesOn(pair);
  });

  it('descriptors that are none', async () => {
    const pair = await use().privatePair();
    const { port, connection } = pair;
    for (const value of [-1, 987_654, 0x7fff_ffff]) {
      const id = port.request(connection, ...carrying(descriptor(value)));
      expect(await port.outcome(id)).toMatchObject({ failure: 'malformed' });
      if (value >= 0) port.port.closeDescriptor(value);
    }
    await expectGoesOn(pair);
  });

  it('memory whose buffer is transferred away, or written after its release', async () => {
    const pair = await use().privatePair();
    const { port, connection } = pair;
    const bytes = port.port.createMemory(64);
    const buffer = port.port.memory(bytes);
    const view = new Uint8Array(buffer);
    let moved: ArrayBuffer | undefined;
    try {
      moved = structuredClone(buffer, { transfer: [buffer] });
    } catch (error) {
      expect(error).toMatchObject({ name: 'DataCloneError' });
    }
    port.message(connection, ...carrying(memory(bytes, 64)));
    const { rights } = await port.next('message');
    port.port.release(bytes);
    view[0] = 1;
    expect(view[0]).toBeUndefined();
    if (moved !== undefined) new Uint8Array(moved).fill(1);
    letGo(port, rights ?? []);
    await expectGoesOn(pair);
  });

  it('a message that is no dictionary, with rights', async () => {
    const pair = await use().privatePair();
    const { port, connection } = pair;
    const right = descriptor(use().environment.files.open());
    for (const words of [
      [MACH_MAGIC, 5, 0xb000],
      [MACH_MAGIC, 5, 0xe000, 8, 1, 0xb000],
      [MACH_MAGIC, 5],
      [],
    ]) {
      const body = withTable([right], new Uint8Array(Uint32Array.from(words).buffer));
      port.write(Outbound.request | RECORD_HAS_RIGHTS, connection, 900 + words.length, body);
      port.flush();
      expect(await port.outcome(900 + words.length)).toMatchObject({ failure: 'malformed' });
    }
    await expectGoesOn(pair);
  });

  it('keys and values that repeat or are empty', async () => {
    const pair = await use().privatePair();
    const { port, connection } = pair;
    const twice = [BARE_MAGIC, 5, 0xf000, 4 + 24, 2, 0x76, 0x2000, 1, 0x76, 0x2000, 0];
    const empty = [BARE_MAGIC, 5, 0xf000, 4 + 12, 1, 0, 0x2000, 1];
    for (const words of [twice, empty])
      port.message(connection, new Uint8Array(Uint32Array.from(words).buffer));
    port.message(connection, dataBody(new Uint8Array(0)));
    await port.next('message', 3);
    await expectGoesOn(pair);
  });
}
