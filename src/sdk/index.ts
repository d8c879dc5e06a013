/** What plugin authors import: define a plugin with typed routes, and serve it. */
export { isLaunchportError, LaunchportError, type Logger } from '../base/index.js';
export {
  defineRoute,
  type JsonValue,
  type Route,
  type RouteErrorCode,
  type RouteReply,
  type RouteRequest,
  routeError,
  type WireObject,
  type WireShape,
  x,
} from '../harness/routes/index.js';
export {
  date,
  uint64,
  uuid,
  XpcDate,
  type XpcDictionary,
  XpcUint64,
  XpcUuid,
  type XpcValue,
} from '../xpc/index.js';
export {
  definePlugin,
  type PluginContext,
  type PluginDefinition,
  type PluginHandler,
  type PluginRouteContext,
  type PluginServices,
  rawRoute,
  route,
  type ServedRoute,
  type ServiceType,
} from './define-plugin.js';
export { type Invocation, parseInvocation } from './instance.js';
export type { PluginProcess, StopSignal } from './plugin-process.js';
export { type RunningPlugin, type ServeOptions, serve } from './serve.js';
