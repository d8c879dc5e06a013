/** The binding contract, the Linux bootstrap namespace, and the loader of the addon. The mock is `mock/`: only tests and test kits pay for loading it. */
export {
  BINDING_VERSION,
  type Binding,
  type ConnectTarget,
  CREDENTIALS_BYTES,
  type Deliver,
  Event,
  Failure,
  type Handle,
  Inbound,
  type ListenTarget,
  MAX_BODY_BYTES,
  Outbound,
  type PeerCredentials,
  type Port,
  type PortStatistics,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
  type SpawnedProcess,
  type SpawnOptions,
  type SupervisorPort,
  type SupervisorSink,
} from './binding.js';
export { bootstrapDirectory, bootstrapPath, MAX_SOCKET_PATH_BYTES, runtimeDirectory } from './bootstrap.js';
export { addonPaths, loadBinding } from './load.js';
