/** Rights of messages that nobody receives are closed, and those that nobody can reach any more. */
import { describe, expect, it } from 'vitest';
import { Inbound, Right } from '../../src/native/index.js';
import {
  fileDescriptor,
  type PeerHandlers,
  serialize,
  type XpcConnection,
  type XpcDictionary,
  XpcEndpoint,
  XpcFileDescriptor,
  type XpcListener,
  XpcPortRight,
  XpcSharedMemory,
  XpcTransport,
} from '../../src/xpc/index.js';
import { collectGarbage, collectUntil } from '../helpers/garbage.js';
import { credentials, ScriptedBinding } from '../helpers/scripted-binding.js';
import { rejectionOf } from '../helpers/thrown.js';
import { deferred, LogBook, Pair } from '../helpers/xpc-pair.js';

const never = () => new Promise<XpcDictionary>(() => {});

/** A world where a client sends one of everything, and which counts what is left of it. */
class Leftovers implements AsyncDisposable {
  readonly pair = new Pair();
  readonly client: XpcListener;
  readonly #memory: XpcSharedMemory;
  readonly #endpoint: XpcEndpoint;
  readonly #file: XpcFileDescriptor;
  #before = '';

  constructor() {
    this.client = this.pair.client.listenAnonymous(() => ({}));
    this.#memory = this.pair.client.createSharedMemory(16);
    this.#endpoint = this.client.endpoint();
    this.#file = fileDescriptor(this.pair.file('x'));
  }

  get message() {
    return { memory: this.#memory, list: [this.#endpoint, { file: this.#file }] };
  }

  /** Remembers what is open now. */
  start(): void {
    this.#before = this.#count();
  }

  /** Everything is as at the start. */
  async expectNone(): Promise<void> {
    await this.pair.world.settled();
    expect(this.#count()).toBe(this.#before);
  }

  #count(): string {
    const { world, server, serverPid } = this.pair;
    const rights = server.isClosed ? 0 : server.statistics().rights;
    return `${world.openDescriptors(serverPid)} descriptors, ${world.openMemories()} memories, ${rights} rights`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pair[Symbol.asyncDispose]();
  }
}

/** Sends everything to a service with these handlers, with `send` doing it. */
async function expectNothingLeft(
  handlers: PeerHandlers | undefined,
  send: (connection: XpcConnection, leftovers: Leftovers) => Promise<unknown>,
  options: { readonly maxConcurrent?: number; readonly maxWaiting?: number } = {},
): Promise<void> {
  await using leftovers = new Leftovers();
  leftovers.pair.serve(() => handlers, options);
  leftovers.start();
  await send(leftovers.pair.connect(), leftovers);
  await leftovers.expectNone();
}

describe('rights of a message are closed', () => {
  it('that is one-way where nobody takes those', () =>
    expectNothingLeft({ request: () => ({}) }, async (connection, { message }) => {
      connection.send(message);
      await connection.request({});
    }));

  it('that is a request where nobody takes those', () =>
    expectNothingLeft({ message: () => {} }, (connection, { message }) =>
      rejectionOf(connection.request(message)),
    ));

  it('of a client that is not accepted', () =>
    expectNothingLeft(undefined, (connection, { message }) => rejectionOf(connection.request(message))));

  it('that finds no room to wait for a handler', () =>
    expectNothingLeft(
      { request: never },
      async (connection, { message }) => {
        const held = rejectionOf(connection.request({}));
        expect((await rejectionOf(connection.request(message))).code).toBe('ERR_XPC_INTERRUPTED');
        connection.cancel();
        await held;
      },
      { maxConcurrent: 1, maxWaiting: 0 },
    ));

  it('that waits for a handler when its client goes', () =>
    expectNothingLeft(
      { request: never },
      async (connection, { message, pair }) => {
        const lost = [rejectionOf(connection.request({})), rejectionOf(connection.request(message))];
        await pair.world.settled();
        connection.cancel();
        await Promise.all(lost);
      },
      { maxConcurrent: 1 },
    ));

  it('that is a reply to a request that timed out or was aborted', async () => {
    await using leftovers = new Leftovers();
    const { pair } = leftovers;
    const finish = deferred();
    // Here the service sends, and the client is the one that must close.
    const memory = () => pair.server.createSharedMemory(4);
    pair.serve(() => ({
      request: async ({ isWanted }) => {
        if (isWanted === true) return {};
        await finish.promise;
        return { memory: memory(), fd: fileDescriptor(pair.world.createDescriptor('y', pair.serverPid)) };
      },
    }));
    const connection = pair.connect();
    const before = [pair.world.openDescriptors(200_001), pair.client.statistics().rights];
    const controller = new AbortController();
    const lost = [
      rejectionOf(connection.request({}, { timeout: 1 })),
      rejectionOf(connection.request({}, { signal: controller.signal })),
    ];
    await pair.world.settled();
    controller.abort();
    expect((await Promise.all(lost)).map(({ code }) => code)).toEqual(['ERR_XPC_TIMEOUT', 'ERR_ABORTED']);
    finish.resolve();
    await connection.request({ isWanted: true });
    await pair.world.settled();
    expect([pair.world.openDescriptors(200_001), pair.client.statistics().rights]).toEqual(before);
  });

  it('that comes after a handler cancelled the connection', async () => {
    await using leftovers = new Leftovers();
    const { pair, message } = leftovers;
    pair.serve((peer) => ({ message: () => peer.cancel() }));
    leftovers.start();
    const connection = pair.connect();
    connection.send({});
    connection.send(message);
    await rejectionOf(connection.request(message));
    await leftovers.expectNone();
  });

  it('that comes in the delivery in which a handler closed the transport', async () => {
    await using leftovers = new Leftovers();
    const { pair, message } = leftovers;
    pair.serve(() => ({ message: () => void pair.server.close() }));
    leftovers.start();
    const connection = pair.connect();
    connection.send({});
    connection.send(message);
    await leftovers.expectNone();
  });
});

describe('records with rights', () => {
  const table = [
    [Right.descriptor, 40],
    [Right.memory, 41],
    [Right.endpoint, 42],
  ] as const;
  const places = {
    fd: new XpcPortRight('fd', 0),
    memory: new XpcPortRight('shmem', 1, 512n),
    endpoint: new XpcPortRight('endpoint', 2),
  };
  const body = serialize(places, { form: 'mach' });

  function scripted(handlers: PeerHandlers = {}) {
    const binding = new ScriptedBinding();
    const log = new LogBook();
    new XpcTransport(binding, { logger: log }).listen('com.example.echo', () => handlers);
    binding.deliver({ kind: Inbound.peer, handle: 1, id: 2, body: credentials() });
    binding.take();
    return { binding, log };
  }

  it.each([false, true])('become values of their kind (in a buffer of their own: %s)', (isLarge) => {
    const seen: XpcDictionary[] = [];
    const { binding } = scripted({ message: (message) => void seen.push(message) });
    binding.deliver({ kind: Inbound.message, handle: 2, id: 0, body, rights: table, isLarge });
    const { fd, memory, endpoint } = seen[0] as XpcDictionary;
    expect(fd).toBeInstanceOf(XpcFileDescriptor);
    expect((fd as XpcFileDescriptor).fd).toBe(40);
    expect(memory).toBeInstanceOf(XpcSharedMemory);
    expect((memory as XpcSharedMemory).byteLength).toBe(512);
    expect(endpoint).toBeInstanceOf(XpcEndpoint);
    expect(binding.take()).toEqual([]);
    (fd as XpcFileDescriptor).close();
    (memory as XpcSharedMemory).release();
    (endpoint as XpcEndpoint).release();
    expect(binding.take()).toEqual(['closeDescriptor 40', 'release 41', 'release 42']);
  });

  it.each([
    ['a table that is too short', table.slice(0, 2), body],
    ['a table that is too long', [...table, [Right.descriptor, 43] as const], body],
    ['a right of another kind', [table[1], table[0], table[2]], body],
    ['a message cut off behind its first right', table, body.subarray(0, body.length - 8)],
    ['bytes that are no message', table, new Uint8Array(16)],
  ])('with %s are malformed: all is closed, and the connection ends', (_what, rights, bytes) => {
    const seen: unknown[] = [];
    const { binding, log } = scripted({ message: (message) => void seen.push(message) });
    binding.deliver({ kind: Inbound.message, handle: 2, id: 0, body: bytes, rights });
    const closed = rights.map(([right, value]) =>
      right === Right.descriptor ? `closeDescriptor ${value}` : `release ${value}`,
    );
    expect(binding.take().sort()).toEqual([...closed, 'cancel 2'].sort());
    expect(seen).toEqual([]);
    expect(log.text).toContain('malformed');
  });

  it('for a handle that nobody has are closed', () => {
    const { binding } = scripted();
    binding.deliver({ kind: Inbound.request, handle: 9, id: 5, body, rights: table });
    expect(binding.take()).toEqual(['drop 5', 'closeDescriptor 40', 'release 41', 'release 42']);
  });
});

describe('garbage collection', () => {
  it('closes descriptors that nobody closed, which is logged, and releases the rest', async () => {
    await using leftovers = new Leftovers();
    const { pair } = leftovers;
    const { world } = pair;
    let received = 0;
    pair.serve(() => ({ message: () => void received++ }));
    leftovers.start();
    const connection = pair.connect();
    connection.send(leftovers.message);
    await world.settled();
    expect(received).toBe(1);
    expect(world.openDescriptors(pair.serverPid)).toBeGreaterThan(0);
    await collectUntil('it was all closed', () => pair.server.statistics().rights === 0);
    await collectUntil('it was logged', () => pair.log.text.includes('closed only when it was collected'));
    await leftovers.expectNone();
  });

  it('leaves alone what was closed, taken or released', async () => {
    const { binding, log } = (() => {
      const book = new LogBook();
      const scripted = new ScriptedBinding();
      const transport = new XpcTransport(scripted, { logger: book });
      new XpcFileDescriptor(7, { port: scripted.open(() => {}), logger: book, isClosed: false }).take();
      transport.createSharedMemory(8).release();
      return { binding: scripted, log: book };
    })();
    binding.take();
    await collectGarbage();
    expect(binding.take()).toEqual([]);
    expect(log.text).toBe('');
  });

  it('spares shared memory as long as its buffer can be reached', async () => {
    // The mock world keeps the buffer itself.
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    let view: Uint8Array | undefined = new Uint8Array(transport.createSharedMemory(8).buffer);
    binding.take();
    await collectGarbage();
    expect(view.length).toBe(8);
    expect(binding.take()).toEqual([]);
    view = undefined;
    await collectUntil('the memory is released', () => binding.take().includes('release 1'));
  });
});
