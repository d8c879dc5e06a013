/** Descriptors in messages, and messages with rights as a whole, over the mock world. */
import { describe, expect, it } from 'vitest';
import {
  closeRights,
  fileDescriptor,
  serialize,
  type XpcConnection,
  type XpcDictionary,
  XpcFileDescriptor,
  type XpcMessage,
  XpcPortRight,
  XpcRichError,
  type XpcSharedMemory,
} from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { Pair } from '../helpers/xpc-pair.js';

/** A service that keeps what it gets and answers with nothing in particular. */
function keeping(): { pair: Pair; received: XpcDictionary[] } {
  const received: XpcDictionary[] = [];
  const note = (message: XpcDictionary) => void received.push(message);
  const pair = new Pair({ bufferBytes: 4096 }).serve(() => ({
    message: note,
    request: (message) => {
      note(message);
      return {};
    },
  }));
  return { pair, received };
}

describe('a descriptor', () => {
  it('arrives as another one of the same open file, owned by its receiver', async () => {
    const { pair, received } = keeping();
    await using _ = pair;
    const fd = pair.file('report');
    await pair.connect().request({ output: fileDescriptor(fd) });
    const output = received[0]?.output as XpcFileDescriptor;
    expect(output).toBeInstanceOf(XpcFileDescriptor);
    expect([output.isOwned, output.isOpen]).toEqual([true, true]);
    expect(output.fd).not.toBe(fd);
    expect(pair.world.isSameDescriptor(output.fd, fd)).toBe(true);
    const { fd: number } = output;
    output.close();
    output.close();
    expect([pair.label(number), pair.label(fd)]).toEqual(['closed', 'report']);
    expect([output.isOwned, output.isOpen]).toEqual([false, false]);
  });

  it('may be closed by its sender as soon as it was sent, one-way, as a request or as a reply', async () => {
    const labels: string[] = [];
    const pair = new Pair();
    await using _ = pair;
    const note = (message: XpcDictionary) => {
      const descriptor = message.fd as XpcFileDescriptor;
      labels.push(pair.label(descriptor.fd));
      descriptor.close();
    };
    pair.serve(() => ({
      message: note,
      request: (message, request) => {
        note(message);
        const fd = pair.world.createDescriptor('answer', pair.serverPid);
        request.reply({ fd: fileDescriptor(fd) });
        pair.world.closeDescriptor(fd);
        return undefined;
      },
    }));
    const connection = pair.connect();
    const [first, second] = [pair.file('first'), pair.file('second')];
    connection.send({ fd: fileDescriptor(first) });
    pair.world.closeDescriptor(first);
    const reply = connection.request({ fd: fileDescriptor(second) });
    pair.world.closeDescriptor(second);
    note(await reply);
    expect(labels).toEqual(['first', 'second', 'answer']);
  });

  it('comes in the order of the other messages, whatever their size', async () => {
    const { pair, received } = keeping();
    await using _ = pair;
    const connection = pair.connect();
    for (let n = 0n; n < 60n; n++) {
      const data = new Uint8Array(n % 7n === 3n ? 9000 : 10);
      connection.send(n % 3n === 0n ? { n, data, fd: fileDescriptor(pair.file(`${n}`)) } : { n, data });
    }
    await connection.request({ n: 60n });
    expect(received.map(({ n }) => n)).toEqual(Array.from({ length: 61 }, (_, n) => BigInt(n)));
    for (const { n, fd } of received) {
      if (fd !== undefined) expect(pair.label((fd as XpcFileDescriptor).fd)).toBe(String(n));
    }
  });

  it('can be sent twice in a message and sent on, and stays with who had it', async () => {
    const kept: XpcDictionary[] = [];
    await using pair = new Pair().serve(() => ({
      request: (message) => {
        kept.push(message);
        return message;
      },
    }));
    const descriptor = fileDescriptor(pair.file('log'));
    const back = await pair.connect().request({ a: descriptor, b: [descriptor] });
    const all = [...kept, back].flatMap(({ a, b }) => [a, ...(b as readonly unknown[])]);
    const numbers = all.map((value) => (value as XpcFileDescriptor).fd);
    expect(new Set(numbers).size).toBe(4);
    expect(numbers.map((fd) => pair.label(fd))).toEqual(['log', 'log', 'log', 'log']);
    expect([descriptor.isOpen, descriptor.isOwned]).toEqual([true, false]);
  });

  it('that is taken is the taker’s to close, and that is closed is no more', async () => {
    const { pair, received } = keeping();
    await using _ = pair;
    await pair.connect().request({ a: fileDescriptor(pair.file('a')) });
    const descriptor = received[0]?.a as XpcFileDescriptor;
    const taken = descriptor.take();
    descriptor.close();
    expect(pair.label(taken)).toBe('a');
    expect(thrownBy(() => descriptor.fd).code).toBe('ERR_XPC_STATE');
    expect(thrownBy(() => descriptor.take()).message).toContain('taken');
    const own = fileDescriptor(pair.file('own'));
    const { fd } = own;
    {
      using scoped = own;
      expect(scoped.isOpen).toBe(true);
    }
    expect(pair.label(fd)).toBe('own');
    expect(thrownBy(() => own.fd).message).toContain('closed');
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 31])('cannot be %d', (fd) => {
    expect(() => fileDescriptor(fd)).toThrow(RangeError);
  });

  it('that the system does not know fails the request', async () => {
    const { pair } = keeping();
    await using _ = pair;
    const error = await rejectionOf(pair.connect().request({ fd: fileDescriptor(999) }));
    expect(error.code).toBe('ERR_XPC_MALFORMED');
  });
});

describe('a message with rights', () => {
  /** What sending fails with. */
  async function refusal(pair: Pair, connection: XpcConnection, message: XpcMessage) {
    const error = thrownBy(() => connection.send(message));
    expect((await rejectionOf(connection.request(message))).code).toBe(error.code);
    await pair.world.settled();
    return error;
  }

  it('that cannot be sent says which value is to blame, and nothing of it is sent', async () => {
    const { pair, received } = keeping();
    await using _ = pair;
    const connection = pair.connect({ maxPending: 1 });
    const used = fileDescriptor(pair.file('used'));
    used.take();
    const open = fileDescriptor(pair.file('open'));
    const before = pair.world.openDescriptors();
    expect(await refusal(pair, connection, { ok: open, list: [null, { used }] })).toMatchObject({
      code: 'ERR_XPC_STATE',
      details: { path: ['list', 1, 'used'] },
    });
    const foreign = pair.server.createSharedMemory(8);
    expect(await refusal(pair, connection, { open, foreign })).toMatchObject({
      code: 'ERR_XPC_VALUE',
      details: { path: ['foreign'] },
    });
    const mixed = { open, place: new XpcPortRight('fd', 1) };
    expect(await refusal(pair, connection, mixed)).toMatchObject({
      code: 'ERR_UNSUPPORTED',
      details: { path: ['place'] },
    });
    expect(await refusal(pair, connection, { open, bad: 2n ** 63n })).toMatchObject({
      code: 'ERR_XPC_VALUE',
    });
    expect(received).toEqual([]);
    expect(pair.world.openDescriptors()).toBe(before);
    await connection.request({ ok: true });
  });

  it('has at most 253 of them', async () => {
    const { pair, received } = keeping();
    await using _ = pair;
    const connection = pair.connect();
    const descriptor = fileDescriptor(pair.file('many'));
    const list = new Array<XpcFileDescriptor>(253).fill(descriptor);
    await connection.request({ list });
    expect(received[0]?.list).toHaveLength(253);
    expect(await refusal(pair, connection, { list: [...list, descriptor] })).toMatchObject({
      code: 'ERR_XPC_LIMIT',
      details: { path: ['list', 253] },
    });
  });

  it('may be larger than every buffer, with the rights before or behind', async () => {
    const { pair, received } = keeping();
    await using _ = pair;
    const connection = pair.connect();
    const fd = fileDescriptor(pair.file('x'));
    const memory = pair.client.createSharedMemory(3);
    for (const size of [3000, 4000, 9000, 100_000]) {
      const data = new Uint8Array(size).fill(size);
      await connection.request({ data, fd, memory });
      await connection.request({ fd, memory, data });
    }
    expect(received).toHaveLength(8);
    for (const { data, fd: descriptor, memory: shared } of received) {
      expect(new Set(data as Uint8Array)).toEqual(new Set([(data as Uint8Array).length & 0xff]));
      expect(pair.label((descriptor as XpcFileDescriptor).fd)).toBe('x');
      expect((shared as XpcSharedMemory).byteLength).toBe(3);
    }
  });

  it('is given up as a whole', async () => {
    const { pair, received } = keeping();
    await using _ = pair;
    const memory = pair.client.createSharedMemory(3);
    const listener = pair.client.listenAnonymous(() => ({}));
    const before = pair.world.openDescriptors();
    const message = { a: [fileDescriptor(pair.file('x')), { memory }], e: listener.endpoint(), n: 1n };
    await pair.connect().request(message);
    const arrived = received[0] as XpcDictionary;
    const taken = (arrived.a as unknown as [XpcFileDescriptor])[0].take();
    closeRights(arrived);
    closeRights(arrived);
    expect(pair.server.statistics().rights).toBe(0);
    expect(pair.label(taken)).toBe('x');
    expect(pair.world.openDescriptors() - before).toBe(2);
  });

  it('cannot be bytes alone', () => {
    for (const form of ['bare', 'mach'] as const) {
      const error = thrownBy(() => serialize({ a: fileDescriptor(0) }, { form }));
      expect([error.code, error.details.path]).toEqual(['ERR_UNSUPPORTED', ['a']]);
    }
  });
});

it('a rich error cannot be sent, with rights or without', async () => {
  const { pair } = keeping();
  await using _ = pair;
  const failure = new XpcRichError('no such service', true);
  const connection = pair.connect();
  expect(thrownBy(() => connection.send({ failure })).code).toBe('ERR_UNSUPPORTED');
  const fd = fileDescriptor(pair.file('x'));
  expect(thrownBy(() => connection.send({ fd, failure })).code).toBe('ERR_UNSUPPORTED');
  expect(thrownBy(() => serialize({ failure })).details.path).toEqual(['failure']);
});
