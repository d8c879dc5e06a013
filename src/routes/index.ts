/** The route protocol over XPC: typed dictionaries, routes, streams, their server and their client. Knows nothing of plugins. */
export type { CallArguments, CallOptions, RouteCaller } from './call-options.js';
export type { DisconnectListener } from './connection-loss.js';
export { jsonText } from './json-text.js';
export type { Progress, ProgressUpdate } from './progress.js';
export type { ProgressListener } from './progress-receiver.js';
export type { ProgressReporter } from './progress-reporter.js';
export {
  type CallName,
  defineProtocol,
  type Protocol,
  type ProtocolEntry,
  type ProtocolRoutes,
  type RoutesOf,
  type StreamName,
} from './protocol.js';
export { ProtocolClient } from './protocol-client.js';
export {
  defineRoute,
  defineStreamRoute,
  type NoKeys,
  type Route,
  type RouteReply,
  type RouteRequest,
  type RouteShapes,
  type StreamItem,
  type StreamRoute,
  type StreamShapes,
} from './route.js';
export { RouteClient, type RouteClientOptions, type SendRequest } from './route-client.js';
export type { RouteContext } from './route-context.js';
export {
  ERROR_KEY,
  isRouteError,
  isRouteErrorCode,
  ROUTE_ERROR_CODES,
  ROUTE_KEY,
  type RouteError,
  type RouteErrorCode,
  routeError,
} from './route-errors.js';
export type {
  HandlerOf,
  HandlerResult,
  ProtocolHandlers,
  RawRouteHandler,
  RouteHandler,
  StreamHandler,
} from './route-handlers.js';
export { RouteServer, type RouteServerOptions } from './route-server.js';
export { RouteStream, type StreamOptions } from './route-stream.js';
export { type DisconnectHook, defineSessionValue, type RouteSession, type SessionValue } from './session.js';
export type { StreamResult } from './stream-server.js';
export { type JsonValue, type WireDate, type WireInteger, x } from './wire-schema.js';
export type { WireObject, WireShape } from './wire-shape.js';
export type { WireType, WireTypeName, WireValue } from './wire-type.js';
