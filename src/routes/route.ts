/** A route: its name on the wire and the typed keys of its request, of its reply, and of the items of a stream. */
import type { XpcDictionary } from '../xpc/index.js';
import { ERROR_KEY, ROUTE_KEY } from './route-errors.js';
import type { WireObject, WireShape } from './wire-shape.js';

/** Keys of a route's request and reply; an absent one has no keys. */
export interface RouteShapes<Req extends WireShape, Rep extends WireShape> {
  readonly request?: Req;
  readonly reply?: Rep;
  /**
   * Whether doing it twice is as good as doing it once. Then a client repeats a call, once, that ended in an
   * interruption: nobody can tell whether the service that went away had done it. Default false.
   */
  readonly isIdempotent?: boolean;
}

/** Keys of a stream's request, of each of its items, and of the reply that ends it. */
export interface StreamShapes<Req extends WireShape, Item extends WireShape, Rep extends WireShape> {
  readonly request?: Req;
  readonly item: Item;
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
  /** A route with items is a stream. */
  readonly item?: undefined;
  /** See {@link RouteShapes.isIdempotent}. */
  readonly isIdempotent?: boolean;
}

/** A route that answers with any number of items before its reply. */
export interface StreamRoute<
  Req extends WireShape = WireShape,
  Item extends WireShape = WireShape,
  Rep extends WireShape = WireShape,
  Name extends string = string,
> {
  readonly name: Name;
  readonly request: Req;
  readonly item: Item;
  readonly reply: Rep;
}

/** What a caller of the route sends. */
export type RouteRequest<R extends Route | StreamRoute> = WireObject<R['request']>;
/** What a caller of the route gets, or of a stream at its end. */
export type RouteReply<R extends Route | StreamRoute> = WireObject<R['reply']>;
/** What a stream yields. */
export type StreamItem<R extends StreamRoute> = WireObject<R['item']>;

/** A shape without keys. */
export type NoKeys = Record<never, never>;

/** Begins the names of the keys that only launchport knows; apple/container ignores them. */
const OWN_PREFIX = 'launchport.';

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
  const { request = {} as Req, reply = {} as Rep, isIdempotent = false } = shapes;
  assertRouteName(name);
  assertKeys(name, request, reply);
  return { name, request, reply, ...(isIdempotent ? { isIdempotent } : {}) };
}

/**
 * Defines a stream: each item is a dictionary with the keys of `item`, and `reply` ends it. An item without a single
 * key would carry nothing and is still an item.
 * @throws RangeError as {@link defineRoute}
 */
export function defineStreamRoute<
  const Name extends string,
  Item extends WireShape,
  Req extends WireShape = NoKeys,
  Rep extends WireShape = NoKeys,
>(name: Name, shapes: StreamShapes<Req, Item, Rep>): StreamRoute<Req, Item, Rep, Name> {
  const { request = {} as Req, item, reply = {} as Rep } = shapes;
  assertRouteName(name);
  assertKeys(name, request, item, reply);
  return { name, request, item, reply };
}

/** @throws RangeError for a name that cannot travel */
export function assertRouteName(name: string): void {
  if (name === '' || name.includes('\0')) throw new RangeError(`not a route name: ${JSON.stringify(name)}`);
}

function assertKeys(name: string, ...shapes: readonly WireShape[]): void {
  for (const key of shapes.flatMap((shape) => Object.keys(shape))) {
    if (key === ROUTE_KEY || key === ERROR_KEY || key.startsWith(OWN_PREFIX)) {
      throw new RangeError(`route ${name}: key ${key} is reserved`);
    }
    if (key.includes('\0')) throw new RangeError(`route ${name}: a key holds a NUL`);
  }
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
