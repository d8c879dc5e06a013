/** Routes with their handlers, as a plugin's services list them. */
import {
  defineRoute,
  defineStreamRoute,
  type NoKeys,
  type Protocol,
  type ProtocolHandlers,
  type ProtocolRoutes,
  type RawRouteHandler,
  type Route,
  type RouteContext,
  type RouteHandler,
  type RouteServer,
  type RouteShapes,
  type StreamHandler,
  type StreamRoute,
  type StreamShapes,
  type WireShape,
} from '../routes/index.js';
import type { PluginContext, PluginRouteContext } from './plugin-context.js';

/** Answers one request; what it throws becomes the error reply. See `routeError` for choosing the code. */
export type PluginHandler<Req extends WireShape, Rep extends WireShape> = RouteHandler<
  Req,
  Rep,
  PluginRouteContext
>;

/** Answers one request with items; see `StreamHandler`. */
export type PluginStreamHandler<
  Req extends WireShape,
  Item extends WireShape,
  Rep extends WireShape,
> = StreamHandler<Req, Item, Rep, PluginRouteContext>;

/** A route with its handler. `R` is undefined for a route without schema. */
export interface ServedRoute<R extends Route | StreamRoute | undefined = Route | StreamRoute | undefined> {
  readonly name: string;
  readonly route: R;
  /** Adds it to a server. */
  serve(server: RouteServer, plugin: PluginContext): void;
}

/** A typed route with its handler, from a name and shapes or from a route defined elsewhere. */
export function route<
  const Name extends string,
  Req extends WireShape = NoKeys,
  Rep extends WireShape = NoKeys,
>(
  name: Name,
  shapes: RouteShapes<Req, Rep>,
  handler: PluginHandler<Req, Rep>,
): ServedRoute<Route<Req, Rep, Name>>;
export function route<Req extends WireShape, Rep extends WireShape, const Name extends string>(
  route: Route<Req, Rep, Name>,
  handler: PluginHandler<Req, Rep>,
): ServedRoute<Route<Req, Rep, Name>>;
export function route<Req extends WireShape, Rep extends WireShape, Name extends string>(
  ...args:
    | readonly [name: Name, shapes: RouteShapes<Req, Rep>, handler: PluginHandler<Req, Rep>]
    | readonly [route: Route<Req, Rep, Name>, handler: PluginHandler<Req, Rep>]
): ServedRoute<Route<Req, Rep, Name>> {
  const [served, handler] =
    args.length === 2 ? args : ([defineRoute<Name, Req, Rep>(args[0], args[1]), args[2]] as const);
  return {
    name: served.name,
    route: served,
    serve: (server, plugin) => {
      server.handle<Req, Rep>(served, (request, context) => handler(request, withPlugin(context, plugin)));
    },
  };
}

/** A stream with its handler, from a name and shapes or from a stream defined elsewhere. */
export function streamRoute<
  const Name extends string,
  Item extends WireShape,
  Req extends WireShape = NoKeys,
  Rep extends WireShape = NoKeys,
>(
  name: Name,
  shapes: StreamShapes<Req, Item, Rep>,
  handler: PluginStreamHandler<Req, Item, Rep>,
): ServedRoute<StreamRoute<Req, Item, Rep, Name>>;
export function streamRoute<
  Req extends WireShape,
  Item extends WireShape,
  Rep extends WireShape,
  const Name extends string,
>(
  route: StreamRoute<Req, Item, Rep, Name>,
  handler: PluginStreamHandler<Req, Item, Rep>,
): ServedRoute<StreamRoute<Req, Item, Rep, Name>>;
export function streamRoute<
  Req extends WireShape,
  Item extends WireShape,
  Rep extends WireShape,
  Name extends string,
>(
  ...args:
    | readonly [
        name: Name,
        shapes: StreamShapes<Req, Item, Rep>,
        handler: PluginStreamHandler<Req, Item, Rep>,
      ]
    | readonly [route: StreamRoute<Req, Item, Rep, Name>, handler: PluginStreamHandler<Req, Item, Rep>]
): ServedRoute<StreamRoute<Req, Item, Rep, Name>> {
  const [served, handler] =
    args.length === 2
      ? args
      : ([defineStreamRoute<Name, Item, Req, Rep>(args[0], args[1]), args[2]] as const);
  return {
    name: served.name,
    route: served,
    serve: (server, plugin) => {
      server.handleStream<Req, Item, Rep>(served, (request, context) =>
        handler(request, withPlugin(context, plugin)),
      );
    },
  };
}

/**
 * All routes of a protocol with their handlers, for the `routes` of a service.
 * @throws TypeError for a route without a handler
 */
export function routesOf<R extends ProtocolRoutes>(
  protocol: Protocol<R>,
  handlers: ProtocolHandlers<R, PluginRouteContext>,
): readonly ServedRoute<R[keyof R]>[] {
  return Object.entries(protocol.routes).map(([key, each]) => {
    const handler = handlers[key] as unknown;
    if (typeof handler !== 'function') throw new TypeError(`${protocol.name}: route ${key} has no handler`);
    const served =
      each.item === undefined
        ? route(each as Route, handler as PluginHandler<WireShape, WireShape>)
        : streamRoute(each, handler as PluginStreamHandler<WireShape, WireShape, WireShape>);
    return served as ServedRoute<R[keyof R]>;
  });
}

/** A route without schema: the handler gets the dictionary that came and returns the one to reply. */
export function rawRoute(name: string, handler: RawRouteHandler<PluginRouteContext>): ServedRoute<undefined> {
  return {
    name,
    route: undefined,
    serve: (server, plugin) => {
      server.handleRaw(name, (message, context) => handler(message, withPlugin(context, plugin)));
    },
  };
}

/** The context is made for this one handler, so that it may be added to; its getters would not survive a copy. */
function withPlugin(context: RouteContext, plugin: PluginContext): PluginRouteContext {
  return Object.assign(context, { plugin });
}
