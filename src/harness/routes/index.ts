/** The route protocol over XPC: typed dictionaries, routes, their server and their client. Knows nothing of plugins. */
export {
  defineRoute,
  type NoKeys,
  type Route,
  type RouteReply,
  type RouteRequest,
  type RouteShapes,
} from './route.js';
export {
  type CallArguments,
  RouteClient,
  type RouteClientOptions,
  type SendRequest,
} from './route-client.js';
export {
  ERROR_KEY,
  isRouteErrorCode,
  ROUTE_ERROR_CODES,
  ROUTE_KEY,
  type RouteErrorCode,
  routeError,
} from './route-errors.js';
export {
  type HandlerResult,
  type RawRouteHandler,
  type RouteContext,
  type RouteHandler,
  RouteServer,
  type RouteServerOptions,
} from './route-server.js';
export { type JsonValue, type WireDate, type WireInteger, x } from './wire-schema.js';
export type { WireObject, WireShape } from './wire-shape.js';
export type { WireType, WireTypeName, WireValue } from './wire-type.js';
