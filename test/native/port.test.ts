/** What the conformance suite cannot see: misuse, limits, and the addon's own memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Event,
  Failure,
  Inbound,
  loadBinding,
  Outbound,
  RECORD_HEADER_BYTES,
  type SupervisorPort,
} from '../../src/native/index.js';
import { eventually } from './eventually.js';
import { dataMessage, EMPTY_MESSAGE, failureOf, type Received, RecordPort } from './records.js';

const NAME = 'com.example.port';

describe.runIf(process.platform === 'linux')('Port', () => {
  let directory: string;
  let supervisor: SupervisorPort;
  let server: RecordPort;
  let client: RecordPort;
  let connection: number;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
    const binding = loadBinding();
    supervisor = binding.openSupervisor?.({ demand: () => {}, exit: () => {} }) as SupervisorPort;
    server = new RecordPort(binding);
    client = new RecordPort(binding);
    const descriptor = supervisor.createListener(join(directory, NAME), 8);
    server.port.activate(server.port.listen({ name: NAME, descriptor }));
    supervisor.closeDescriptor(descriptor);
    connection = client.port.connect({ name: NAME, address: join(directory, NAME) });
    client.port.activate(connection);
  });

  afterEach(() => {
    server.port.close();
    client.port.close();
    supervisor.close();
    rmSync(directory, { recursive: true });
  });

  describe('refuses with a TypeError', () => {
    it.each([
      ['a length that is not a number', 'x'],
      ['a fraction', 1.5],
      ['a negative length', -4],
      ['a length beyond the outbox', 256 * 1024 + 4],
      ['infinity', Number.POSITIVE_INFINITY],
    ])('flush of %s', (_what, length) => {
      expect(() => client.port.flush(length as number)).toThrow(TypeError);
    });

    it.each([
      ['a cut header', [16, 1, 1], 12],
      ['a record shorter than its header', [12, 1, 1, 0], 16],
      ['a length of zero', [0, 1, 1, 0], 16],
      ['a record longer than the burst', [20, 1, 1, 0], 16],
      ['an odd length', [18, 1, 1, 0, 0], 20],
      ['an enormous length', [0xffff_fffc, 1, 1, 0], 16],
      ['kind 0', [16, 0, 1, 0], 16],
      ['an inbound kind', [16, 4, 1, 0], 16],
      ['a flagged kind', [16, 0x8000_0001, 1, 0], 16],
    ])('a burst with %s, and sends nothing of it', async (_what, words, length) => {
      client.request(connection, 1);
      await server.next(Inbound.request);
      const first = [RECORD_HEADER_BYTES + EMPTY_MESSAGE.length, Outbound.message, connection, 0];
      new Uint32Array(client.port.outbox, 0, 4).set(first);
      new Uint8Array(client.port.outbox, 16).set(EMPTY_MESSAGE);
      new Uint32Array(client.port.outbox, 36, words.length).set(words);
      expect(() => client.port.flush(36 + length)).toThrow(TypeError);
      client.request(connection, 2);
      await server.next(Inbound.request, 2);
      expect(server.of(Inbound.message)).toEqual([]);
    });

    it('send of what is no record', () => {
      const { port } = client;
      expect(() => port.send(9, connection, 0, EMPTY_MESSAGE)).toThrow(TypeError);
      expect(() => port.send(1, connection, 0, 'text' as unknown as Uint8Array)).toThrow(TypeError);
      expect(() => port.send(1, connection, 0, new Uint16Array(4) as unknown as Uint8Array)).toThrow(
        TypeError,
      );
      expect(() => port.send(1, connection, 0, new Uint8Array(new SharedArrayBuffer(20)))).toThrow(TypeError);
      expect(() => port.send(1, connection, 2 ** 32, EMPTY_MESSAGE)).toThrow(TypeError);
    });

    it('a target that cannot be', () => {
      const { port } = client;
      const connect = (target: unknown) => () => port.connect(target as { name: string });
      expect(connect(undefined)).toThrow(TypeError);
      expect(connect({ name: '', address: '/x' })).toThrow(TypeError);
      expect(connect({ name: 'x'.repeat(128), address: '/x' })).toThrow(TypeError);
      expect(connect({ name: 'a\0b', address: '/x' })).toThrow(TypeError);
      expect(connect({ name: 'a' })).toThrow(TypeError);
      expect(connect({ name: 'a', address: 1 })).toThrow(TypeError);
      expect(connect({ name: 'a', address: '/x', privileged: 1 })).toThrow(TypeError);
      expect(() => port.listen({ name: 'a', descriptor: -1 })).toThrow(TypeError);
    });

    it('a method called on something else', () => {
      const { flush } = Object.getPrototypeOf(client.port);
      expect(() => flush.call({}, 0)).toThrow(TypeError);
      expect(() => flush.call(supervisor, 0)).toThrow(TypeError);
      expect(() => loadBinding().open(undefined as never)).toThrow(TypeError);
    });
  });

  it('passes on what getters of a target throw', () => {
    const target = {
      name: 'a',
      get address(): string {
        throw new RangeError('from the getter');
      },
    };
    expect(() => client.port.connect(target)).toThrow(RangeError);
  });

  it('ignores handles and tokens that it did not give', async () => {
    const { port } = client;
    for (const handle of [0, 1, connection + 1, 0xffff_ffff]) {
      port.activate(handle);
      port.cancel(handle);
      port.drop(handle);
      expect(port.peer(handle)).toEqual({ pid: -1, euid: -1, egid: -1, asid: -1 });
      port.send(Outbound.message, handle, 0, EMPTY_MESSAGE);
      port.send(Outbound.reply, connection, handle, EMPTY_MESSAGE);
      port.send(Outbound.request, handle, handle, EMPTY_MESSAGE);
    }
    await eventually('four failures', () => client.of(Inbound.requestFailed).length === 4);
    expect(client.of(Inbound.requestFailed).map(failureOf)).toEqual(Array(4).fill(Failure.invalid));
  });

  it('takes no message for a listener', async () => {
    const listener = server.port.listen({ name: 'com.example.other', descriptor: 0 });
    server.port.send(Outbound.message, listener, 0, EMPTY_MESSAGE);
    server.port.send(Outbound.request, listener, 5, EMPTY_MESSAGE);
    expect((await server.next(Inbound.requestFailed)).id).toBe(5);
  });

  it('answers a token once', async () => {
    client.request(connection, 7);
    const { id: token, handle } = await server.next(Inbound.request);
    expect(server.port.statistics().openTokens).toBe(1);
    server.port.send(Outbound.reply, handle, token, EMPTY_MESSAGE);
    server.port.send(Outbound.reply, handle, token, EMPTY_MESSAGE);
    server.port.drop(token);
    client.request(connection, 8);
    await server.next(Inbound.request, 2);
    expect(client.of(Inbound.reply).map(({ id }) => id)).toEqual([7]);
    expect(server.port.statistics().openTokens).toBe(1);
  });

  it('frees the tokens of a peer that is gone', async () => {
    for (let id = 0; id < 10; id += 1) client.request(connection, id);
    await server.next(Inbound.request, 10);
    client.port.cancel(connection);
    const { handle } = await server.next(Inbound.request);
    await server.final(handle);
    expect(server.port.statistics()).toMatchObject({ openTokens: 0, connections: 0, listeners: 1 });
    server.port.send(Outbound.reply, handle, server.of(Inbound.request)[0]?.id ?? 0, EMPTY_MESSAGE);
  });

  it('drops a reply whose body is malformed, and the client hears', async () => {
    client.request(connection, 1);
    const { id: token, handle } = await server.next(Inbound.request);
    server.port.send(Outbound.reply, handle, token, new Uint8Array(12));
    expect(failureOf(await client.next(Inbound.requestFailed))).toBe(Failure.interrupted);
    const dropped = await server.next(Inbound.event);
    expect([dropped.id, failureOf(dropped)]).toEqual([Event.dropped, Failure.malformed]);
  });

  it.each([
    ['empty', new Uint8Array(0)],
    ['cut', EMPTY_MESSAGE.subarray(0, 8)],
    ['of another magic', new Uint8Array(20)],
    ['an array', Uint8Array.of(...EMPTY_MESSAGE.subarray(0, 9), 0xe0, ...EMPTY_MESSAGE.subarray(10))],
  ])('reports a body that is %s', async (_what, body) => {
    client.request(connection, 1, body);
    expect(failureOf(await client.next(Inbound.requestFailed))).toBe(Failure.malformed);
    client.port.send(Outbound.message, connection, 0, body);
    const dropped = await client.next(Inbound.event);
    expect([dropped.id, failureOf(dropped)]).toEqual([Event.dropped, Failure.malformed]);
  });

  it('carries bodies of every size around the limits of its buffers', async () => {
    const sizes = [0, 4, 65_488, 65_500, 65_504, 65_536, 262_100, 262_144, 1_000_000, 5_000_000].map(
      (size) => size & ~3,
    );
    server.onRecord = ({ kind, handle, id, body }: Received) => {
      if (kind === Inbound.request) server.port.send(Outbound.reply, handle, id, body);
    };
    for (const [id, size] of sizes.entries()) {
      const message = dataMessage(size);
      message.fill(id, 32);
      client.port.send(Outbound.request, connection, id, message);
    }
    await client.next(Inbound.reply, sizes.length);
    for (const [id, size] of sizes.entries()) {
      const reply = client.of(Inbound.reply).find((record) => record.id === id);
      const expected = dataMessage(size);
      expected.fill(id, 32);
      expect(Buffer.compare(reply?.body ?? new Uint8Array(0), expected)).toBe(0);
    }
  });

  it('refuses a message that is too large, and goes on', async () => {
    const body = dataMessage(64 * 1024 * 1024);
    client.port.send(Outbound.request, connection, 1, body);
    client.port.send(Outbound.message, connection, 0, body);
    client.request(connection, 2);
    expect(failureOf(await client.next(Inbound.requestFailed))).toBe(Failure.tooLarge);
    const dropped = await client.next(Inbound.event);
    expect([dropped.id, failureOf(dropped)]).toEqual([Event.dropped, Failure.tooLarge]);
    expect((await server.next(Inbound.request)).body).toEqual(EMPTY_MESSAGE);
  });

  it('tells of congestion, refuses beyond its bound, and tells when it is over', async () => {
    // The server does not run while this turn lasts, so the socket fills and the rest is queued.
    const body = dataMessage(1024 * 1024);
    for (let id = 0; id < 80; id += 1) client.port.send(Outbound.request, connection, id, body);
    await eventually('refusals', () => client.of(Inbound.requestFailed).length > 0);
    const refused = client.of(Inbound.requestFailed);
    expect(refused.map(failureOf)).toEqual(Array(refused.length).fill(Failure.queueFull));
    expect(refused.length).toBeGreaterThan(5);
    expect(client.of(Inbound.event)[0]?.id).toBe(Event.congested);
    await server.next(Inbound.request, 80 - refused.length);
    await eventually('drained', () => client.of(Inbound.event).some(({ id }) => id === Event.drained));
    expect(client.of(Inbound.event).map(({ id }) => id)).toEqual([Event.congested, Event.drained]);
  });

  it('may be closed by its own delivery, and then delivers nothing', async () => {
    let count = 0;
    server.onRecord = () => {
      count += 1;
      server.port.close();
    };
    for (let id = 0; id < 5; id += 1) client.request(connection, id);
    await eventually('failures', () => client.of(Inbound.requestFailed).length === 5);
    const received = server.received.length;
    expect(count).toBe(received);
    expect(() => server.port.connect({ name: 'a', address: '/x' })).toThrow('closed');
    server.port.flush(0);
    server.port.setActive(true);
    expect(server.port.statistics()).toMatchObject({ connections: 0, listeners: 0, openTokens: 0 });
  });

  it('opens and closes many connections without keeping any', async () => {
    for (let round = 0; round < 20; round += 1) {
      const handles = Array.from({ length: 20 }, () => {
        return client.port.connect({ name: NAME, address: join(directory, NAME) });
      });
      expect(new Set(handles).size).toBe(20);
      // Some stay inactive to their end.
      for (const handle of handles.slice(5)) client.port.activate(handle);
      for (const handle of handles) client.port.cancel(handle);
      await Promise.all(handles.map((handle) => client.final(handle)));
    }
    expect(client.port.statistics().connections).toBe(1);
    await eventually('peers gone', () => server.port.statistics().connections <= 1);
  });

  it('delivers a burst in few calls', async () => {
    for (let id = 0; id < 1000; id += 1) client.write(Outbound.request, connection, id, EMPTY_MESSAGE);
    client.flush();
    await server.next(Inbound.request, 1000);
    expect(server.port.statistics().deliveries).toBeLessThan(50);
    expect(server.of(Inbound.request).map(({ id }) => id)).toHaveLength(1000);
  });
});
