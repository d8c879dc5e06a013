/**
 * What the compiler must make of `launchport/xpc`, written as a consumer would. Compiled by `npm run typecheck`, never
 * run: a type that is wrong is a line that does not compile, or a `@ts-expect-error` with nothing to expect.
 */

import { LaunchportError } from 'launchport';
import {
  type Capability,
  date,
  fileDescriptor,
  isDictionary,
  type PeerHandlers,
  type PeerRequirement,
  uint64,
  uuid,
  XpcConnection,
  XpcDate,
  type XpcDictionary,
  XpcEndpoint,
  XpcFileDescriptor,
  type XpcMessage,
  XpcRawString,
  XpcRichError,
  XpcSharedMemory,
  type XpcTransport,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from 'launchport/xpc';
import { expectTypeOf } from 'vitest';

declare const transport: XpcTransport;

/** Everything that can be sent. */
export function sends(connection: XpcConnection, endpoint: XpcEndpoint, memory: XpcSharedMemory): void {
  connection.send({
    null: null,
    bool: true,
    int64: 5n,
    uint64: uint64(5),
    double: 2.5,
    string: 'text',
    data: new Uint8Array(3),
    date: date(5n),
    javaScriptDate: new Date(),
    uuid: uuid('00112233-4455-6677-8899-aabbccddeeff'),
    fd: fileDescriptor(1),
    endpoint,
    memory,
    list: [1n, 'two', [true]],
    map: new Map([['key', 1n]]),
    nested: { deeper: { deepest: null } },
  });
  connection.send(new Map([['key', 'value']]));
  // @ts-expect-error a message is a dictionary
  connection.send([1n]);
  // @ts-expect-error so is a request
  void connection.request('text');
  // @ts-expect-error there is no XPC type for undefined
  connection.send({ key: undefined });
  // @ts-expect-error nor for functions
  connection.send({ key: () => 1 });
  // @ts-expect-error nor for symbols
  connection.send({ key: Symbol('s') });
}

/** Each value of a reply narrows to one type, and no case is left. */
export function narrows(value: XpcValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return `bool ${value}`;
  if (typeof value === 'bigint') return `int64 ${value}`;
  if (typeof value === 'number') return `double ${value}`;
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return `data of ${value.byteLength}`;
  if (value instanceof XpcUint64) return expectBigint(value.value);
  if (value instanceof XpcDate) return expectBigint(value.nanoseconds);
  if (value instanceof XpcUuid) return value.toString();
  if (value instanceof XpcRawString) return value.toString();
  if (value instanceof XpcFileDescriptor) return `fd ${value.fd}`;
  if (value instanceof XpcEndpoint) return `endpoint ${value.isReleased}`;
  if (value instanceof XpcSharedMemory) return `${value.buffer.byteLength} bytes`;
  if (value instanceof XpcRichError) return value.message;
  if (isDictionary(value)) return Object.keys(value).join();
  return 'array or port right';
}

function expectBigint(value: bigint): string {
  return value.toString();
}

/** A client. */
export async function client(): Promise<void> {
  await using connection = transport.connect('com.example.service', {
    timeout: 1000,
    maxPending: 10,
    isLazy: true,
    requirement: { users: [501], groups: [20], executables: ['/usr/bin/node'] },
    handlers: {
      interrupted: () => {},
      closed: (reason) => expectTypeOf(reason).toEqualTypeOf<LaunchportError>(),
    },
  });
  expectTypeOf(connection).toEqualTypeOf<XpcConnection>();
  const reply = await connection.request({ q: 1n }, { timeout: 5, signal: AbortSignal.timeout(5) });
  expectTypeOf(reply).toEqualTypeOf<XpcDictionary>();
  expectTypeOf(reply.key).toEqualTypeOf<XpcValue | undefined>();
  // @ts-expect-error what was received is not changed
  reply.key = 1n;
  connection.suspend();
  expectTypeOf(connection.isSuspended).toEqualTypeOf<boolean>();
  connection.resume();
  await connection.drained();
  await connection.flushed({ timeout: 5 });
  expectTypeOf(connection.service).toEqualTypeOf<string | undefined>();
  expectTypeOf(connection.credentials.auditToken).toEqualTypeOf<Uint8Array | undefined>();
  expectTypeOf(connection.closed).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error connections are made by a transport
  new XpcConnection();
  // @ts-expect-error unknown options are mistakes
  transport.connect('com.example.service', { tiemout: 5 });
}

/** Listeners, with a name and without. */
export async function server(): Promise<void> {
  const handlers: PeerHandlers = {
    request: (message, request) => {
      expectTypeOf(message).toEqualTypeOf<XpcDictionary>();
      expectTypeOf(request.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(request.connection).toEqualTypeOf<XpcConnection>();
      request.reply({ early: true });
      return undefined;
    },
    message: (message) => expectTypeOf(message).toEqualTypeOf<XpcDictionary>(),
    terminationImminent: () => {},
  };
  await using named = transport.listen('com.example.service', () => handlers, {
    requirement: { users: 'any' },
    maxConcurrent: 5,
    maxConcurrentPerPeer: 2,
    maxRunningBytes: 1,
    maxWaiting: 0,
    maxWaitingBytes: 0,
  });
  expectTypeOf(named.statistics).toEqualTypeOf<{ readonly accepted: number; readonly refused: number }>();
  expectTypeOf(await named.closed).toEqualTypeOf<LaunchportError | undefined>();
  // A client is refused by returning nothing, and may be answered later.
  transport.listen('com.example.other', (peer) => (peer.credentials.euid === 0 ? undefined : handlers));
  await using anonymous = transport.listenAnonymous(() => ({ request: async () => ({ later: 1n }) }));
  using endpoint = anonymous.endpoint();
  expectTypeOf(endpoint).toEqualTypeOf<XpcEndpoint>();
  transport.connect(endpoint);
  // @ts-expect-error an anonymous listener has no descriptor
  transport.listenAnonymous(() => handlers, { descriptor: 3 });
  // @ts-expect-error a reply is a message
  transport.listenAnonymous(() => ({ request: () => 'text' }));
}

/** What is owned is disposed of. */
export function rights(): void {
  using memory = transport.createSharedMemory(4096);
  expectTypeOf(memory.buffer).toEqualTypeOf<ArrayBuffer>();
  using transaction = transport.beginTransaction();
  expectTypeOf(transaction).toEqualTypeOf<Disposable>();
  using descriptor = fileDescriptor(1);
  expectTypeOf(descriptor.take()).toEqualTypeOf<number>();
  expectTypeOf(transport.capabilities()).toEqualTypeOf<readonly Capability[]>();
  transport.announceTermination();
  // @ts-expect-error the number cannot be changed
  descriptor.fd = 5;
}

/** Requirements of both systems. */
export const requirements: readonly PeerRequirement[] = [
  {},
  { users: 'any' },
  { users: [0, 501], groups: [20] },
  { executables: ['/usr/bin/node'] },
  { code: { kind: 'requirement', text: 'anchor apple' } },
  { code: { kind: 'team' } },
  { code: { kind: 'team', identifier: 'com.example.tool' } },
  { code: { kind: 'platform' } },
  { code: { kind: 'entitlement', name: 'com.example.right', value: true } },
  // @ts-expect-error a requirement has its text
  { code: { kind: 'requirement' } },
  // @ts-expect-error users are numbers
  { users: ['root'] },
];

/** A received message can be sent on as it is. */
export function forwards(received: XpcDictionary, connection: XpcConnection): void {
  const message: XpcMessage = received;
  connection.send(message);
  connection.send({ ...received, more: 1n });
}

/** Codes are known to the compiler. */
export function codes(error: unknown): void {
  if (error instanceof LaunchportError && error.code === 'ERR_XPC_INTERRUPTED') return;
  // @ts-expect-error no such code
  if (error instanceof LaunchportError && error.code === 'ERR_XPC_INTERUPTED') return;
}
