/** Serves routes to the peers of a listener. Every request gets an answer, and no peer can end the process. */
import {
  delay,
  errorText,
  LaunchportError,
  type Logger,
  silentLogger,
  type WaitOptions,
  withDeadline,
} from '../../base/index.js';
import type {
  AcceptPeer,
  ListenOptions,
  PeerHandlers,
  XpcConnection,
  XpcDictionary,
  XpcRequest,
} from '../../xpc/index.js';
import { assertRouteName, type Route, withoutProtocolKeys } from './route.js';
import { errorReply, ROUTE_KEY, routeError } from './route-errors.js';
import { decodeShape, encodeShape, type WireObject, type WireShape } from './wire-shape.js';
import { WireMismatch } from './wire-type.js';

/** What a handler knows besides its request. */
export interface RouteContext {
  readonly route: string;
  readonly connection: XpcConnection;
  /** Aborts when the peer goes: nobody waits for the reply then. Never, for a one-way message. */
  readonly signal: AbortSignal;
  /** Whether the client waits for a reply. The result of the handler is dropped when it does not. */
  readonly isReplyExpected: boolean;
}

/** What a handler of `Rep` returns: nothing will do when the reply has no required key. */
export type HandlerResult<Rep extends WireShape> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a void function
  Record<never, never> extends WireObject<Rep> ? WireObject<Rep> | undefined | void : WireObject<Rep>;

/** Answers one request. What it throws becomes the error reply; see `routeError` for choosing the code. */
export type RouteHandler<Req extends WireShape, Rep extends WireShape> = (
  request: WireObject<Req>,
  context: RouteContext,
) => HandlerResult<Rep> | Promise<HandlerResult<Rep>>;

/** Answers one request with no schema: gets and returns the dictionary without the protocol's keys. */
export type RawRouteHandler = (
  message: XpcDictionary,
  context: RouteContext,
) => XpcDictionary | undefined | Promise<XpcDictionary | undefined>;

/** How a server behaves. */
export interface RouteServerOptions {
  readonly logger?: Logger;
  /**
   * Handlers running at once over all peers, default 4096. A request beyond is answered `invalidState` at once:
   * nothing waits in a queue, for a long `wait` must not hold up others.
   */
  readonly maxConcurrent?: number;
}

type Responder = (message: XpcDictionary, context: RouteContext) => Promise<XpcDictionary>;

/** A table of routes and their handlers; give its {@link RouteServer.accept} to a listener. */
export class RouteServer {
  readonly #routes = new Map<string, Responder>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #peers = new Set<XpcConnection>();
  readonly #logger: Logger;
  readonly #maxConcurrent: number;
  #isDraining = false;

  constructor(options: RouteServerOptions = {}) {
    this.#logger = options.logger ?? silentLogger;
    this.#maxConcurrent = options.maxConcurrent ?? 4096;
  }

  /** The routes served, sorted by name. */
  get routeNames(): readonly string[] {
    return [...this.#routes.keys()].sort();
  }

  /** Handlers running now. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** For the listener: lets through a little more than run at once, so that what is too much is told so. */
  get listenOptions(): ListenOptions {
    return { maxConcurrent: this.#maxConcurrent + 64 };
  }

  /** Serves a typed route. @throws TypeError when the route has a handler already */
  handle<Req extends WireShape, Rep extends WireShape>(
    route: Route<Req, Rep>,
    handler: RouteHandler<Req, Rep>,
  ): this {
    return this.#add(route.name, async (message, context) => {
      const request = decodeRequest(route, message);
      const reply = await handler(request, context);
      return encodeReply(route, (reply ?? {}) as WireObject<Rep>);
    });
  }

  /** Serves a route with no schema. @throws TypeError when the route has a handler already */
  handleRaw(name: string, handler: RawRouteHandler): this {
    assertRouteName(name);
    return this.#add(name, async (message, context) => {
      return withoutProtocolKeys((await handler(withoutProtocolKeys(message), context)) ?? {});
    });
  }

  #add(name: string, responder: Responder): this {
    if (this.#routes.has(name)) throw new TypeError(`route ${name} has a handler already`);
    this.#routes.set(name, responder);
    return this;
  }

  /** Accepts every peer the listener lets through; peers that come while draining are refused. */
  readonly accept: AcceptPeer = (peer): PeerHandlers | undefined => {
    if (this.#isDraining) return undefined;
    this.#peers.add(peer);
    return {
      closed: () => void this.#peers.delete(peer),
      request: (message, request) => this.#answer(message, peer, request),
      message: (message) => {
        void this.#answer(message, peer, undefined);
      },
    };
  };

  /**
   * Takes no more work and waits until the running handlers have ended and their replies are with the system, which
   * delivers them even if this process ends then; at most `timeout` milliseconds (default 10 000). Requests that still
   * come are dropped, so that their clients are interrupted and ask the next process.
   * Resolves to the number of handlers still running.
   */
  async drain(options: WaitOptions = {}): Promise<number> {
    this.#isDraining = true;
    const timeout = options.timeout ?? 10_000;
    const work = async (): Promise<void> => {
      while (this.#running.size > 0) await Promise.allSettled(this.#running);
      // The replies of the last handlers are on their way to the transport, and then to the system.
      await delay(0);
      await Promise.allSettled([...this.#peers].map((peer) => peer.flushed({ timeout })));
    };
    const late = () => new LaunchportError('ERR_TIMEOUT', 'handlers did not end in time');
    await withDeadline('drain', { timeout, signal: options.signal }, late, work).catch((error: unknown) => {
      this.#logger.warn('stopping with handlers running', {
        running: this.#running.size,
        reason: errorText(error),
      });
    });
    return this.#running.size;
  }

  #answer(
    message: XpcDictionary,
    peer: XpcConnection,
    request: XpcRequest | undefined,
  ): Promise<XpcDictionary> {
    if (this.#isDraining) return this.#refuse(request);
    const route = message[ROUTE_KEY];
    const answer = this.#respond(route, message, {
      route: typeof route === 'string' ? route : '',
      connection: peer,
      signal: request?.signal ?? new AbortController().signal,
      isReplyExpected: request !== undefined,
    }).catch((error: unknown) => {
      this.#logger.debug('request failed', { route, pid: peer.credentials.pid, error: errorText(error) });
      return errorReply(error);
    });
    this.#running.add(answer);
    void answer.finally(() => this.#running.delete(answer));
    return answer;
  }

  /** A request the transport drops (the client is interrupted); a one-way message is simply not handled. */
  #refuse(request: XpcRequest | undefined): Promise<XpcDictionary> {
    if (request === undefined) return Promise.resolve({});
    return Promise.reject(new LaunchportError('ERR_XPC_INTERRUPTED', 'the service is stopping'));
  }

  async #respond(route: unknown, message: XpcDictionary, context: RouteContext): Promise<XpcDictionary> {
    if (typeof route !== 'string') throw routeError('invalidArgument', 'invalid request');
    const responder = this.#routes.get(route);
    if (responder === undefined) throw routeError('unsupported', `unknown route: ${route}`);
    if (this.#running.size >= this.#maxConcurrent) {
      throw routeError('invalidState', `too many requests: ${this.#maxConcurrent} are running`);
    }
    return responder(message, context);
  }
}

function decodeRequest<Req extends WireShape>(
  route: Route<Req, WireShape>,
  message: XpcDictionary,
): WireObject<Req> {
  try {
    return decodeShape(route.request, message);
  } catch (error) {
    if (!(error instanceof WireMismatch)) throw error;
    throw new LaunchportError('ERR_ROUTE_REQUEST', `${route.name}: ${error.message}`, {
      details: { route: route.name },
    });
  }
}

function encodeReply<Rep extends WireShape>(
  route: Route<WireShape, Rep>,
  reply: WireObject<Rep>,
): XpcDictionary {
  try {
    return encodeShape(route.reply, reply);
  } catch (error) {
    if (!(error instanceof WireMismatch)) throw error;
    throw new LaunchportError('ERR_ROUTE_REPLY', `${route.name}: ${error.message}`, {
      details: { route: route.name },
    });
  }
}
