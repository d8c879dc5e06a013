/** Protocols: the routes of a service under one name, shared by its server and its clients. */
import { defineRoute, defineStreamRoute, type NoKeys, type Route, type StreamRoute } from './route.js';
import type { WireShape } from './wire-shape.js';

/** A route of a protocol as it is written down: its shapes, or a route that was defined elsewhere. */
export type ProtocolEntry =
  | Route
  | StreamRoute
  | {
      readonly request?: WireShape;
      readonly item?: WireShape;
      readonly reply?: WireShape;
      readonly isIdempotent?: boolean;
    };

/** Routes by the names that server and clients call them. */
export interface ProtocolRoutes {
  readonly [name: string]: Route | StreamRoute;
}

/** A protocol; made by {@link defineProtocol}. */
export interface Protocol<R extends ProtocolRoutes = ProtocolRoutes> {
  /** For people and logs; it does not travel. */
  readonly name: string;
  readonly routes: R;
}

type ShapeAt<E, K extends string> = E extends { readonly [P in K]: infer S extends WireShape } ? S : NoKeys;

type RouteOf<E, Name extends string> = E extends Route | StreamRoute
  ? E
  : E extends { readonly item: infer Item extends WireShape }
    ? StreamRoute<ShapeAt<E, 'request'>, Item, ShapeAt<E, 'reply'>, Name>
    : Route<ShapeAt<E, 'request'>, ShapeAt<E, 'reply'>, Name>;

/** The routes that {@link defineProtocol} makes of entries `E`. */
export type RoutesOf<E, Prefix extends string = ''> = {
  readonly [K in keyof E & string]: RouteOf<E[K], `${Prefix}${K}`>;
};

/** The names in `R` of routes that answer with one reply. */
export type CallName<R extends ProtocolRoutes> = {
  [K in keyof R & string]: R[K] extends Route ? K : never;
}[keyof R & string];

/** The names in `R` of streams. */
export type StreamName<R extends ProtocolRoutes> = Exclude<keyof R & string, CallName<R>>;

/**
 * Defines a protocol. An entry with `item` is a stream. A route travels under its name here, after `prefix` when there
 * is one (apple/container's helpers have `com.apple.container.TYPE/`); one defined elsewhere keeps its own.
 * @throws RangeError for a name or key that cannot travel, or two routes with the same name on the wire
 */
export function defineProtocol<
  const E extends Readonly<Record<string, ProtocolEntry>>,
  const Prefix extends string = '',
>(definition: {
  readonly name: string;
  readonly prefix?: Prefix;
  readonly routes: E;
}): Protocol<RoutesOf<E, Prefix>> {
  const { name, prefix = '', routes } = definition;
  const defined: Record<string, Route | StreamRoute> = {};
  const taken = new Set<string>();
  for (const [key, entry] of Object.entries(routes)) {
    const route = routeOf(`${prefix}${key}`, entry);
    if (taken.has(route.name)) throw new RangeError(`protocol ${name}: two routes are called ${route.name}`);
    taken.add(route.name);
    defined[key] = route;
  }
  return { name, routes: defined as RoutesOf<E, Prefix> };
}

function routeOf(name: string, entry: ProtocolEntry): Route | StreamRoute {
  if ('name' in entry && typeof entry.name === 'string') return entry as Route | StreamRoute;
  const { item, ...shapes } = entry as Exclude<ProtocolEntry, Route | StreamRoute>;
  return item === undefined ? defineRoute(name, shapes) : defineStreamRoute(name, { ...shapes, item });
}
