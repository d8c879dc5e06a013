/** `launchport/sdk/services`: apple/container's network and runtime services, ready-made, with their protocols. */
export {
  type Attachment,
  type ContainerConfiguration,
  type ContainerSnapshot,
  type ContainerStats,
  createEndpoint,
  interfaceProtocol,
  type NetworkStatus,
  networkProtocol,
  type ProcessConfiguration,
  processProtocol,
  RUNTIME_CONFIGURATION_FILE,
  type RuntimeConfiguration,
  runtimeConfiguration,
  runtimeProtocol,
  type SandboxSnapshot,
} from '../compat/index.js';
export {
  type InterfaceRequest,
  type NetworkHandlers,
  type NetworkRequest,
  networkService,
} from './network-service.js';
export { type RuntimeHandlers, runtimeService } from './runtime-service.js';
