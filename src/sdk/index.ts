/**
 * What plugin authors import: define a plugin with typed routes, and serve it. Loads no zod: apple/container's own
 * services, which need it, are in `launchport/sdk/services`, and a plugin that is started on demand should not wait.
 */
export { isLaunchportError, LaunchportError, type Logger } from '../base/index.js';
export {
  type DisconnectHook,
  defineProtocol,
  defineRoute,
  defineSessionValue,
  defineStreamRoute,
  isRouteError,
  type JsonValue,
  type ProgressReporter,
  type ProgressUpdate,
  type Protocol,
  type Route,
  type RouteErrorCode,
  type RouteReply,
  type RouteRequest,
  type RouteSession,
  routeError,
  type SessionValue,
  type StreamItem,
  type StreamRoute,
  type WireObject,
  type WireShape,
  x,
} from '../routes/index.js';
export {
  date,
  fileDescriptor,
  uint64,
  uuid,
  XpcDate,
  type XpcDictionary,
  XpcEndpoint,
  XpcFileDescriptor,
  XpcSharedMemory,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from '../xpc/index.js';
export { CONFIGURATION_VARIABLE, configurationOf } from './configuration.js';
export {
  definePlugin,
  type PluginDefinition,
  type PluginService,
  type PluginServices,
} from './define-plugin.js';
export { type Invocation, parseInvocation } from './instance.js';
export type { PluginContext, PluginRouteContext, ServiceType } from './plugin-context.js';
export type { LogFormat } from './plugin-log.js';
export type { PluginProcess, StopSignal } from './plugin-process.js';
export { type RunningPlugin, type ServeOptions, serve } from './serve.js';
export {
  type PluginHandler,
  type PluginStreamHandler,
  rawRoute,
  route,
  routesOf,
  type ServedRoute,
  streamRoute,
} from './served-route.js';
