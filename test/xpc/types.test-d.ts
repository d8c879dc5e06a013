/**
 * The types of src/xpc, checked by `npm run typecheck`: nothing here runs. A line under `@ts-expect-error` must not
 * compile.
 */
import { expectTypeOf } from 'vitest';
import type { LaunchportError } from '../../src/base/index.js';
import {
  type AcceptPeer,
  type Capability,
  type CodeRequirement,
  type ConnectOptions,
  closeRights,
  date,
  deserialize,
  fileDescriptor,
  isDictionary,
  type ListenerStatistics,
  type ListenOptions,
  type PeerCredentials,
  type PeerHandlers,
  type PeerRequirement,
  serialize,
  uint64,
  uuid,
  type XpcConnection,
  type XpcDate,
  type XpcDictionary,
  type XpcEndpoint,
  type XpcFileDescriptor,
  type XpcListener,
  type XpcMessage,
  type XpcPortRight,
  type XpcRawString,
  type XpcRequest,
  type XpcRichError,
  type XpcRight,
  type XpcSendable,
  type XpcSharedMemory,
  type XpcTransport,
  type XpcUint64,
  type XpcUuid,
  type XpcValue,
} from '../../src/xpc/index.js';

declare const value: XpcValue;
declare const transport: XpcTransport;
declare const connection: XpcConnection;
declare const listener: XpcListener;
declare const endpoint: XpcEndpoint;
declare const descriptor: XpcFileDescriptor;
declare const memory: XpcSharedMemory;
declare const accept: AcceptPeer;

// Values received: exactly these, and each is told from the others.
expectTypeOf<XpcValue>().toEqualTypeOf<
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | XpcUint64
  | XpcDate
  | XpcUuid
  | XpcRawString
  | XpcFileDescriptor
  | XpcEndpoint
  | XpcSharedMemory
  | XpcRichError
  | XpcPortRight
  | readonly XpcValue[]
  | XpcDictionary
>();
expectTypeOf<XpcRight>().toEqualTypeOf<XpcFileDescriptor | XpcEndpoint | XpcSharedMemory>();
expectTypeOf<XpcDictionary[string]>().toEqualTypeOf<XpcValue>();
if (typeof value === 'bigint') expectTypeOf(value).toEqualTypeOf<bigint>();
if (isDictionary(value)) expectTypeOf(value).toEqualTypeOf<XpcDictionary>();
expectTypeOf<undefined>().not.toExtend<XpcValue>();
expectTypeOf<Date>().not.toExtend<XpcValue>();
expectTypeOf<Map<string, XpcValue>>().not.toExtend<XpcValue>();

// What can be sent: all that is received, and conveniences.
expectTypeOf<XpcValue>().toExtend<XpcSendable>();
expectTypeOf<XpcDictionary>().toExtend<XpcMessage>();
expectTypeOf<Date>().toExtend<XpcSendable>();
expectTypeOf<Map<string, Date>>().toExtend<XpcMessage>();
expectTypeOf<{ readonly a: readonly [1n, { readonly b: XpcFileDescriptor }] }>().toExtend<XpcMessage>();
expectTypeOf<undefined>().not.toExtend<XpcSendable>();
expectTypeOf<symbol>().not.toExtend<XpcSendable>();
expectTypeOf<() => void>().not.toExtend<XpcSendable>();
expectTypeOf<Set<string>>().not.toExtend<XpcSendable>();
expectTypeOf<Map<number, string>>().not.toExtend<XpcSendable>();
expectTypeOf<string>().not.toExtend<XpcMessage>();
expectTypeOf<readonly XpcValue[]>().not.toExtend<XpcMessage>();
expectTypeOf<null>().not.toExtend<XpcMessage>();
// @ts-expect-error a message has no undefined values
connection.send({ a: undefined });
// @ts-expect-error a message is a dictionary
connection.send([1n]);
// @ts-expect-error so is a message of bytes alone
serialize('text');

// Makers of values.
expectTypeOf(uint64).parameters.toEqualTypeOf<[value: bigint | number]>();
expectTypeOf(date).parameter(0).toEqualTypeOf<bigint | Date>();
expectTypeOf(uuid).parameter(0).toEqualTypeOf<string | Uint8Array>();
expectTypeOf(fileDescriptor).toEqualTypeOf<(fd: number) => XpcFileDescriptor>();
expectTypeOf(deserialize).returns.toEqualTypeOf<XpcDictionary>();
expectTypeOf(closeRights).toEqualTypeOf<(value: XpcValue) => void>();

// Rights.
expectTypeOf(descriptor.take()).toEqualTypeOf<number>();
expectTypeOf(memory.buffer).toEqualTypeOf<ArrayBuffer>();
expectTypeOf<XpcFileDescriptor>().toExtend<Disposable>();
expectTypeOf<XpcEndpoint>().toExtend<Disposable>();
expectTypeOf<XpcSharedMemory>().toExtend<Disposable>();
// @ts-expect-error the three are different things
descriptor satisfies XpcEndpoint;
// @ts-expect-error shared memory is not an endpoint either, though it has all of its members
transport.connect(memory);
// @ts-expect-error the number is not to be changed
descriptor.fd = 3;

// Transport.
expectTypeOf(transport.connect).parameter(0).toEqualTypeOf<string | XpcEndpoint>();
expectTypeOf(transport.connect).parameter(1).toEqualTypeOf<ConnectOptions | undefined>();
expectTypeOf(transport.connect(endpoint)).toEqualTypeOf<XpcConnection>();
expectTypeOf(transport.listen('a', accept)).toEqualTypeOf<XpcListener>();
expectTypeOf(transport.listenAnonymous(accept)).toEqualTypeOf<XpcListener>();
expectTypeOf(transport.capabilities()).toEqualTypeOf<readonly Capability[]>();
expectTypeOf(transport.beginTransaction()).toEqualTypeOf<Disposable>();
// @ts-expect-error an anonymous listener has no socket
transport.listenAnonymous(accept, { descriptor: 3 });
// @ts-expect-error what this was is the requirement `{ users: 'any' }` now
transport.listen('a', accept, { allowAnyUser: true });
expectTypeOf<ListenOptions['requirement']>().toEqualTypeOf<PeerRequirement | undefined>();
expectTypeOf<PeerRequirement['code']>().toEqualTypeOf<CodeRequirement | undefined>();
expectTypeOf(listener.service).toEqualTypeOf<string | undefined>();
expectTypeOf(listener.endpoint()).toEqualTypeOf<XpcEndpoint>();
expectTypeOf(listener.statistics).toEqualTypeOf<ListenerStatistics>();
expectTypeOf(listener.closed).toEqualTypeOf<Promise<LaunchportError | undefined>>();

// Connections and handlers.
expectTypeOf(connection.request({})).toEqualTypeOf<Promise<XpcDictionary>>();
expectTypeOf(connection.send({})).toEqualTypeOf<void>();
expectTypeOf(connection.credentials).toEqualTypeOf<PeerCredentials>();
expectTypeOf<PeerCredentials['auditToken']>().toEqualTypeOf<Uint8Array | undefined>();
expectTypeOf<AcceptPeer>().toEqualTypeOf<(peer: XpcConnection) => PeerHandlers | undefined>();
expectTypeOf<XpcRequest['reply']>().toEqualTypeOf<(message: XpcMessage) => void>();
const handlers = [
  { request: (message) => message },
  { request: async ({ n }, { signal }) => ({ n: n ?? null, isAborted: signal.aborted }) },
  { request: (_message, request) => void request.reply({}) as undefined },
  { message: ({ fd }) => closeRights(fd ?? null), terminationImminent() {}, interrupted() {} },
  // @ts-expect-error a reply is a dictionary
  { request: () => 5n },
] satisfies readonly PeerHandlers[];
expectTypeOf(handlers).toBeArray();
