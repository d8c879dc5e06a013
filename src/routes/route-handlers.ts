/** What handlers of routes look like, one by one and for a whole protocol. */
import type { XpcDictionary } from '../xpc/index.js';
import type { ProtocolRoutes } from './protocol.js';
import type { Route, StreamRoute } from './route.js';
import type { RouteContext } from './route-context.js';
import type { StreamResult } from './stream-server.js';
import type { WireObject, WireShape } from './wire-shape.js';

/** What a handler of `Rep` returns: nothing will do when the reply has no required key. */
export type HandlerResult<Rep extends WireShape> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a void function
  Record<never, never> extends WireObject<Rep> ? WireObject<Rep> | undefined | void : WireObject<Rep>;

/**
 * Answers one request. What it throws becomes the error reply; see `routeError` for choosing the code. Descriptors in
 * the request are closed when it has ended, unless it took them (`take`); endpoints and shared memory are its own.
 */
export type RouteHandler<
  Req extends WireShape,
  Rep extends WireShape,
  Context extends RouteContext = RouteContext,
> = (request: WireObject<Req>, context: Context) => HandlerResult<Rep> | Promise<HandlerResult<Rep>>;

/**
 * Answers one request with items: an async generator, whose return value is the reply, or any async iterable. It is
 * asked for the next item when the client has room for it. When the client leaves, `context.signal` aborts, and the
 * generator's `finally` runs at its next `yield`.
 */
export type StreamHandler<
  Req extends WireShape,
  Item extends WireShape,
  Rep extends WireShape,
  Context extends RouteContext = RouteContext,
> = (request: WireObject<Req>, context: Context) => StreamResult<Item, Rep>;

/** Answers one request with no schema: gets and returns the dictionary without the protocol's keys. */
export type RawRouteHandler<Context extends RouteContext = RouteContext> = (
  message: XpcDictionary,
  context: Context,
) => XpcDictionary | undefined | Promise<XpcDictionary | undefined>;

/** The handler of a route `R`. */
export type HandlerOf<R, Context extends RouteContext = RouteContext> =
  R extends StreamRoute<infer Req, infer Item, infer Rep>
    ? StreamHandler<Req, Item, Rep, Context>
    : R extends Route<infer Req, infer Rep>
      ? RouteHandler<Req, Rep, Context>
      : never;

/** A handler for every route of a protocol. */
export type ProtocolHandlers<R extends ProtocolRoutes, Context extends RouteContext = RouteContext> = {
  readonly [K in keyof R]: HandlerOf<R[K], Context>;
};
