/** Plugins as their authors write them: a name, and for each service type the routes it serves. */
import { assertServiceName, type Logger } from '../base/index.js';
import {
  defineRoute,
  type HandlerResult,
  type NoKeys,
  type Route,
  type RouteContext,
  type RouteServer,
  type RouteShapes,
  type WireObject,
  type WireShape,
} from '../harness/routes/index.js';
import type { XpcDictionary } from '../xpc/index.js';
import type { Invocation } from './instance.js';

/** Service types of apple/container: a runtime per container, a network helper per network, the others one each. */
export type ServiceType = 'runtime' | 'network' | 'core' | 'auxiliary';

/** What a plugin knows of its process. */
export interface PluginContext extends Invocation {
  readonly pid: number;
  /** Arguments as given, the executable left out. */
  readonly args: readonly string[];
  /** The Mach services it listens on, by type. */
  readonly services: Readonly<Partial<Record<ServiceType, string>>>;
  /** `CONTAINER_APP_ROOT`, `CONTAINER_LOG_ROOT` and what else the host passes. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

/** What a handler knows besides its request. */
export interface PluginRouteContext extends RouteContext {
  readonly plugin: PluginContext;
}

/** Answers one request; what it throws becomes the error reply. See `routeError` for choosing the code. */
export type PluginHandler<Req extends WireShape, Rep extends WireShape> = (
  request: WireObject<Req>,
  context: PluginRouteContext,
) => HandlerResult<Rep> | Promise<HandlerResult<Rep>>;

/** A route with its handler. `R` is undefined for a route without schema. */
export interface ServedRoute<R extends Route | undefined = Route | undefined> {
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
      server.handle<Req, Rep>(served, (request, context) => handler(request, { ...context, plugin }));
    },
  };
}

/** A route without schema: the handler gets the dictionary that came and returns the one to reply. */
export function rawRoute(
  name: string,
  handler: (
    message: XpcDictionary,
    context: PluginRouteContext,
  ) => XpcDictionary | undefined | Promise<XpcDictionary | undefined>,
): ServedRoute<undefined> {
  return {
    name,
    route: undefined,
    serve: (server, plugin) => {
      server.handleRaw(name, (message, context) => handler(message, { ...context, plugin }));
    },
  };
}

/** Routes of each service type. */
export type PluginServices = {
  readonly [T in ServiceType]?: { readonly routes: readonly ServedRoute[] };
};

/** A plugin. The name must be that of its bundle: the host names its Mach services after it. */
export interface PluginDefinition<S extends PluginServices = PluginServices> {
  readonly name: string;
  readonly services: S;
  /** Runs before the first request is taken. A throw ends the process. */
  start?(plugin: PluginContext): void | Promise<void>;
  /** Runs after the last request has ended, within the grace period. */
  stop?(plugin: PluginContext): void | Promise<void>;
}

const SERVICE_TYPES: readonly string[] = ['runtime', 'network', 'core', 'auxiliary'] satisfies ServiceType[];

/**
 * Checks a plugin and gives it its type; run it with `serve` or try it with `testPlugin`.
 * @throws LaunchportError ERR_XPC_NAME for a name that no Mach service can carry
 * @throws TypeError without a service, for an unknown service type, or for a route given twice in one service
 */
export function definePlugin<const S extends PluginServices>(
  plugin: PluginDefinition<S>,
): PluginDefinition<S> {
  assertServiceName(plugin.name);
  const types = Object.keys(plugin.services);
  if (types.length === 0) throw new TypeError(`plugin ${plugin.name} has no service`);
  for (const type of types) {
    if (!SERVICE_TYPES.includes(type)) throw new TypeError(`plugin ${plugin.name}: no service type ${type}`);
    const names = plugin.services[type as ServiceType]?.routes.map(({ name }) => name) ?? [];
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new TypeError(`plugin ${plugin.name}: route ${twice} is given twice`);
  }
  return plugin;
}
