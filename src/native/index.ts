/** The binding contract, the Linux bootstrap namespace, and the loader of the addon. The mock is `mock/`: only tests and test kits pay for loading it. */
export type {
  Binding,
  Capability,
  Deliver,
  PipePair,
  Port,
  PortStatistics,
  TerminalPair,
} from './binding.js';
export { bootstrapDirectory, bootstrapPath, MAX_SOCKET_PATH_BYTES, runtimeDirectory } from './bootstrap.js';
export { addonPaths, type BindingSearch, type LoadAttempt, loadBinding, searchBinding } from './load.js';
export {
  BINDING_VERSION,
  CREDENTIALS_BYTES,
  Event,
  Failure,
  type Handle,
  Inbound,
  MAX_BODY_BYTES,
  MAX_MEMORY_BYTES,
  MAX_RIGHTS,
  Outbound,
  RECORD_HAS_RIGHTS,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
  Refusal,
  Right,
} from './records.js';
export {
  type KeeperAnswer,
  KeeperOperation,
  type KeeperRequest,
  type ProcessIdentity,
  type RecoveryPort,
  type SpawnedProcess,
} from './recovery-port.js';
export type {
  ResourceLimit,
  ResourceLimitValue,
  SpawnOptions,
  SupervisorPort,
  SupervisorSink,
} from './supervisor-port.js';
export type {
  AnonymousListenTarget,
  CodeRequirement,
  ConnectTarget,
  EndpointTarget,
  ListenTarget,
  NamedListenTarget,
  NamedTarget,
  PeerCredentials,
  PeerRequirement,
} from './targets.js';
