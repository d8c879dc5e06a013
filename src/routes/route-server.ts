/** Serves routes to the peers of a listener. Every request gets an answer, and no peer can end the process. */
import {
  delay,
  errorText,
  LaunchportError,
  type Logger,
  silentLogger,
  type WaitOptions,
  withDeadline,
} from '../base/index.js';
import {
  type AcceptPeer,
  type ListenOptions,
  type PeerHandlers,
  type XpcConnection,
  type XpcDictionary,
  type XpcRequest,
  XpcTransport,
} from '../xpc/index.js';
import { type Responder, type RouteTable, runHandler } from './handler-run.js';
import { releaseRights, rightsIn } from './message-rights.js';
import type { Protocol, ProtocolRoutes } from './protocol.js';
import { assertRouteName, type Route, type StreamRoute, withoutProtocolKeys } from './route.js';
import { decodeRequest, encodeReply } from './route-codec.js';
import type { ProtocolHandlers, RawRouteHandler, RouteHandler, StreamHandler } from './route-handlers.js';
import { ServerSession } from './session.js';
import { refusal } from './session-limits.js';
import { serveStream } from './stream-server.js';
import type { WireObject, WireShape } from './wire-shape.js';

/** How a server behaves. */
export interface RouteServerOptions {
  readonly logger?: Logger;
  /**
   * Handlers running at once over all clients, default 4096. A request beyond is answered `invalidState` at once:
   * nothing waits in a queue, for a long `wait` must not hold up others. As the server fills up, clients with many
   * running handlers are refused before those with few.
   */
  readonly maxConcurrent?: number;
  /** Handlers of one client running at once, default 256; refused likewise. */
  readonly maxConcurrentPerSession?: number;
  /** Milliseconds that a gone client's handlers get before its disconnect hooks run, and each hook. Default 10 000. */
  readonly disconnectTimeout?: number;
  /** The transport of the listener; it connects to clients for streams and progress. Default the process's own. */
  readonly transport?: XpcTransport;
  /** Told when the first handler or disconnect hook starts, and when the last has ended; also of each new client. */
  readonly onBusy?: (isBusy: boolean) => void;
}

/** A table of routes and their handlers; give its {@link RouteServer.accept} to a listener. */
export class RouteServer {
  readonly #routes = new Map<string, Responder>();
  readonly #table: RouteTable;
  readonly #running = new Set<Promise<void>>();
  readonly #sessions = new Set<ServerSession>();
  /** The ends of clients that are gone. */
  readonly #endings = new Set<Promise<void>>();
  readonly #options: RouteServerOptions;
  readonly #logger: Logger;
  readonly #limits: { readonly maxConcurrent: number; readonly maxConcurrentPerSession: number };
  readonly #termination = new AbortController();
  #busyCount = 0;
  #sessionCount = 0;
  #isDraining = false;

  constructor(options: RouteServerOptions = {}) {
    const { maxConcurrent = 4096, maxConcurrentPerSession = 256 } = options;
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#limits = { maxConcurrent, maxConcurrentPerSession };
    this.#table = {
      routes: this.#routes,
      logger: this.#logger,
      termination: this.#termination.signal,
      connect: (endpoint, how) => this.#transport.connect(endpoint, how),
    };
  }

  /** The routes served, sorted by name. */
  get routeNames(): readonly string[] {
    return [...this.#routes.keys()].sort();
  }

  /** Handlers running now. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** Clients connected now. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** For the listener: lets through a little more than run at once, so that what is too much is told so. */
  get listenOptions(): ListenOptions {
    const { maxConcurrent, maxConcurrentPerSession } = this.#limits;
    return { maxConcurrent: maxConcurrent + 64, maxConcurrentPerPeer: maxConcurrentPerSession + 64 };
  }

  /** Serves a typed route. @throws TypeError when the route has a handler already */
  handle<Req extends WireShape, Rep extends WireShape>(
    route: Route<Req, Rep>,
    handler: RouteHandler<Req, Rep>,
  ): this {
    return this.#add(route.name, async (message, context) => {
      const request = decodeRequest(route, message, context.rights);
      const reply = await handler(request, context);
      return encodeReply(route, (reply ?? {}) as WireObject<Rep>);
    });
  }

  /** Serves a stream. @throws TypeError when the route has a handler already */
  handleStream<Req extends WireShape, Item extends WireShape, Rep extends WireShape>(
    route: StreamRoute<Req, Item, Rep>,
    handler: StreamHandler<Req, Item, Rep>,
  ): this {
    return this.#add(route.name, (message, context) =>
      serveStream(route, message, context, this.#table, () =>
        handler(decodeRequest(route, message, context.rights), context),
      ),
    );
  }

  /** Serves a route with no schema. @throws TypeError when the route has a handler already */
  handleRaw(name: string, handler: RawRouteHandler): this {
    assertRouteName(name);
    return this.#add(name, async (message, context) => {
      return withoutProtocolKeys((await handler(withoutProtocolKeys(message), context)) ?? {});
    });
  }

  /** Serves all routes of a protocol. @throws TypeError when one of them has a handler already */
  serve<R extends ProtocolRoutes>(protocol: Protocol<R>, handlers: ProtocolHandlers<R>): this {
    for (const [name, route] of Object.entries(protocol.routes)) {
      const handler = handlers[name] as unknown;
      if (typeof handler !== 'function')
        throw new TypeError(`${protocol.name}: route ${name} has no handler`);
      if (route.item === undefined)
        this.handle(route as Route, handler as RouteHandler<WireShape, WireShape>);
      else this.handleStream(route, handler as StreamHandler<WireShape, WireShape, WireShape>);
    }
    return this;
  }

  #add(name: string, responder: Responder): this {
    if (this.#routes.has(name)) throw new TypeError(`route ${name} has a handler already`);
    this.#routes.set(name, responder);
    return this;
  }

  /** Accepts every peer the listener lets through; peers that come while draining are refused. */
  readonly accept: AcceptPeer = (peer): PeerHandlers | undefined => {
    if (this.#isDraining) return undefined;
    const session = this.#open(peer);
    // Whoever connects is about to ask.
    this.#count(1);
    this.#count(-1);
    return {
      closed: () => this.#close(session),
      terminationImminent: () => this.terminate(),
      request: (message, request) => this.#answer(message, session, request),
      message: (message) => {
        void this.#answer(message, session, undefined);
      },
    };
  };

  /** Tells handlers that the process has been asked to end: their `context.terminating` aborts. */
  terminate(): void {
    this.#termination.abort(new LaunchportError('ERR_XPC_CANCELLED', 'the service has been asked to end'));
  }

  /**
   * Takes no more work and waits until the running handlers have ended and their replies are with the system, which
   * delivers them even if this process ends then, and until the disconnect hooks of clients that are gone have run; at
   * most `timeout` milliseconds (default 10 000). Requests that still come are dropped, so that their clients are
   * interrupted and ask the next process. Resolves to the number of handlers still running.
   */
  async drain(options: WaitOptions = {}): Promise<number> {
    this.#isDraining = true;
    this.terminate();
    const timeout = options.timeout ?? 10_000;
    await this.#bounded('stopping with handlers running', { ...options, timeout }, async () => {
      while (this.#running.size > 0) await Promise.allSettled(this.#running);
      // The replies of the last handlers are on their way to the transport, and then to the system.
      await delay(0);
      await Promise.allSettled([...this.#sessions].map(({ connection }) => connection.flushed({ timeout })));
      await this.#settled();
    });
    return this.#running.size;
  }

  /**
   * Takes no more work, as {@link drain}, and ends the connection of each client as soon as its handlers have ended and
   * its replies are with the system; the disconnect hooks run. At most `timeout` milliseconds (default 10 000), after
   * which all connections end. Resolves to the number of handlers still running.
   */
  async close(options: WaitOptions = {}): Promise<number> {
    this.#isDraining = true;
    this.terminate();
    const timeout = options.timeout ?? 10_000;
    const sessions = [...this.#sessions];
    await this.#bounded('stopping with clients left', { ...options, timeout }, async () => {
      await Promise.all(
        sessions.map(async (session) => {
          await session.quiet();
          await session.connection.flushed({ timeout }).catch(() => {});
          session.connection.cancel();
          await session.connection.closed;
        }),
      );
      await this.#settled();
    });
    for (const { connection } of sessions) connection.cancel();
    return this.#running.size;
  }

  get #transport(): XpcTransport {
    return this.#options.transport ?? XpcTransport.default();
  }

  #open(peer: XpcConnection): ServerSession {
    const session = new ServerSession(++this.#sessionCount, peer, {
      logger: this.#logger,
      disconnectTimeout: this.#options.disconnectTimeout ?? 10_000,
      onWork: (isBusy) => this.#count(isBusy ? 1 : -1),
    });
    this.#sessions.add(session);
    return session;
  }

  #close(session: ServerSession): void {
    this.#sessions.delete(session);
    const ending = session.end();
    this.#endings.add(ending);
    void ending.then(() => this.#endings.delete(ending));
  }

  /** Counts what runs, and tells of the first and the last. */
  #count(change: 1 | -1): void {
    const was = this.#busyCount;
    this.#busyCount += change;
    if (was === 0 || this.#busyCount === 0) this.#options.onBusy?.(this.#busyCount > 0);
  }

  /** Answers a request, or runs a one-way message. Rejects only for a request that is to be dropped. */
  #answer(
    message: XpcDictionary,
    session: ServerSession,
    request: XpcRequest | undefined,
  ): Promise<undefined> {
    if (this.#isDraining) {
      releaseRights(rightsIn(message));
      if (request === undefined) return Promise.resolve(undefined);
      return Promise.reject(new LaunchportError('ERR_XPC_INTERRUPTED', 'the service is stopping'));
    }
    const excess = refusal(this.#limits, this.#running.size, session.runningCount);
    session.enter();
    this.#count(1);
    const run = runHandler({ message, session, request, excess }, this.#table);
    this.#running.add(run);
    void run.finally(() => {
      this.#running.delete(run);
      session.leave();
      this.#count(-1);
    });
    return run;
  }

  async #settled(): Promise<void> {
    while (this.#endings.size > 0) await Promise.all(this.#endings);
  }

  async #bounded(
    what: string,
    options: WaitOptions & { readonly timeout: number },
    work: () => Promise<void>,
  ): Promise<void> {
    const late = () => new LaunchportError('ERR_TIMEOUT', `not done after ${options.timeout} ms`);
    const { timeout, signal } = options;
    await withDeadline('drain', { timeout, signal }, late, work).catch((error: unknown) => {
      this.#logger.warn(what, { running: this.#running.size, reason: errorText(error) });
    });
  }
}
