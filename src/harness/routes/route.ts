/** A route: its name on the wire and the typed keys of its request and reply. */
import type { XpcDictionary } from '../../xpc/index.js';
import { ERROR_KEY, ROUTE_KEY } from './route-errors.js';
import type { WireObject, WireShape } from './wire-shape.js';

/** Keys of a route's request and reply; an absent one has no keys. */
export interface RouteShapes<Req extends WireShape, Rep extends WireShape> {
  readonly request?: Req;
  readonly reply?: Rep;
}

/** A typed route. `Req` and `Rep` are the shapes of request and reply. */
export interface Route<
  Req extends WireShape = WireShape,
  Rep extends WireShape = WireShape,
  Name extends string = string,
> {
  readonly name: Name;
  readonly request: Req;
  readonly reply: Rep;
}

/** What a caller of the route sends. */
export type RouteRequest<R extends Route> = WireObject<R['request']>;
/** What a caller of the route gets. */
export type RouteReply<R extends Route> = WireObject<R['reply']>;

/** A shape without keys. */
export type NoKeys = Record<never, never>;

/**
 * Defines a route. The name is what travels: upstream's API server uses bare words (`pluginLoad`), its helpers
 * `com.apple.container.TYPE/WORD`.
 * @throws RangeError for an empty name or one with a NUL, or a key that the protocol itself uses
 */
export function defineRoute<
  const Name extends string,
  Req extends WireShape = NoKeys,
  Rep extends WireShape = NoKeys,
>(name: Name, shapes: RouteShapes<Req, Rep> = {}): Route<Req, Rep, Name> {
  assertRouteName(name);
  const request = shapes.request ?? ({} as Req);
  const reply = shapes.reply ?? ({} as Rep);
  for (const key of [...Object.keys(request), ...Object.keys(reply)]) {
    if (key === ROUTE_KEY || key === ERROR_KEY) throw new RangeError(`route ${name}: key ${key} is reserved`);
    if (key.includes('\0')) throw new RangeError(`route ${name}: a key holds a NUL`);
  }
  return { name, request, reply };
}

/** @throws RangeError for a name that cannot travel */
export function assertRouteName(name: string): void {
  if (name === '' || name.includes('\0')) throw new RangeError(`not a route name: ${JSON.stringify(name)}`);
}

/** The message of a request to `route`. */
export function requestMessage(route: string, body: XpcDictionary): XpcDictionary {
  // Route first: adding a computed key to a copied object is some fifty times slower in V8.
  const rest = Object.hasOwn(body, ROUTE_KEY) ? withoutProtocolKeys(body) : body;
  return { [ROUTE_KEY]: route, ...rest };
}

/** The dictionary without the protocol's keys. */
export function withoutProtocolKeys(message: XpcDictionary): XpcDictionary {
  const { [ROUTE_KEY]: _route, [ERROR_KEY]: _error, ...rest } = message;
  return rest;
}
