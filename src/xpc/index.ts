/** XPC: values and their serialization, connections and listeners. */
export type { Capability, CodeRequirement, PeerCredentials, PeerRequirement } from '../native/index.js';
export { closeRights } from './close-rights.js';
export { deserialize, serialize } from './codec.js';
export { XpcConnection } from './connection.js';
export type { DecodeOptions } from './decoder.js';
export type { EncodeOptions } from './encoder.js';
export { XpcEndpoint } from './endpoint.js';
export { fileDescriptor, XpcFileDescriptor } from './file-descriptor.js';
export type { AcceptPeer, ConnectOptions, ListenOptions, PeerHandlers, XpcRequest } from './handlers.js';
export { type ListenerStatistics, XpcListener } from './listener.js';
export { XpcSharedMemory } from './shared-memory.js';
export { type TransportOptions, XpcTransport } from './transport.js';
export {
  date,
  isDictionary,
  uint64,
  uuid,
  XpcDate,
  type XpcDictionary,
  type XpcMessage,
  XpcPortRight,
  type XpcPortType,
  XpcRawString,
  XpcRichError,
  type XpcRight,
  type XpcSendable,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from './value.js';
export type { WireForm } from './wire.js';
