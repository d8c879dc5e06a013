/** apple/container's own wire: routes, keys and JSON of its network, runtime and container services. */
export {
  canonicalCidr,
  canonicalIp,
  canonicalIpv4,
  canonicalIpv6,
  canonicalMac,
  ipAddress,
  ipv4Address,
  ipv4Cidr,
  ipv6Address,
  ipv6Cidr,
  macAddress,
} from './addresses.js';
export type { Caller, Stdio } from './client-calls.js';
export {
  type ContainerConfiguration,
  type ContainerCreateOptions,
  type ContainerListFilters,
  type ContainerResources,
  type ContainerSnapshot,
  type ContainerStats,
  type ContainerStopOptions,
  containerConfiguration,
  containerCreateOptions,
  containerListFilters,
  containerResources,
  containerSnapshot,
  containerStats,
  containerStopOptions,
  DEFAULT_RUNTIME_PLUGIN,
  DEFAULT_STOP_OPTIONS,
  type DnsConfiguration,
  dnsConfiguration,
  type PublishPort,
  type PublishSocket,
  publishPort,
  publishSocket,
  type RuntimeStatus,
  runtimeStatus,
} from './container-json.js';
export { containerProcessProtocol, containerProtocol } from './container-protocol.js';
export { type ContainerLogs, ContainersClient, type CreateRequest } from './containers-client.js';
export { type Filesystem, type FilesystemType, filesystem, filesystemType } from './filesystem-json.js';
export type { HelperOptions } from './helper-options.js';
export {
  type Descriptor,
  descriptor,
  hostPlatform,
  type ImageDescription,
  imageDescription,
  type Platform,
  platform,
} from './image-json.js';
export {
  appleDate,
  base64,
  decodeJson,
  encodeJson,
  fileUrl,
  type Payload,
  type PayloadOptions,
  payload,
  stringMap,
  uint64,
} from './json.js';
export {
  type AllocateRequest,
  type AttachRequest,
  type Grant,
  NetworkHelperClient,
  NetworkLease,
} from './network-client.js';
export {
  type Attachment,
  type AttachmentConfiguration,
  attachment,
  attachmentConfiguration,
  DEFAULT_NETWORK_PLUGIN,
  type NetworkConfiguration,
  type NetworkResource,
  type NetworkStatus,
  networkConfiguration,
  networkResource,
  networkStatus,
} from './network-json.js';
export { interfaceProtocol, networkProtocol, networkServiceName } from './network-protocol.js';
export { NetworksClient } from './networks-client.js';
export { networksProtocol } from './networks-protocol.js';
export { fromPluginJson, type PluginJson, pluginJson, type RemotePlugin } from './plugin-json.js';
export { ping, pluginGet, pluginList, pluginLoad, pluginRestart, pluginUnload } from './plugin-routes.js';
export {
  type ProcessConfiguration,
  type ProcessUser,
  processConfiguration,
  processUser,
  type Rlimit,
  rlimit,
} from './process-json.js';
export { type BootstrapRequest, type ExitStatus, RuntimeHelperClient } from './runtime-client.js';
export {
  type Kernel,
  kernel,
  type NetworkBootstrapInfo,
  networkBootstrapInfo,
  type ProcessInfo,
  processInfo,
  RUNTIME_CONFIGURATION_FILE,
  type RuntimeConfiguration,
  runtimeConfiguration,
  type SandboxSnapshot,
  type SystemPlatform,
  sandboxSnapshot,
  systemPlatform,
} from './runtime-json.js';
export { createEndpoint, processProtocol, runtimeProtocol, runtimeServiceName } from './runtime-protocol.js';
