/** Calls routes over a connection: typed requests and replies, coded errors, and a deadline for each call. */
import { isLaunchportError, LaunchportError, MAX_TIMEOUT_MS } from '../base/index.js';
import {
  type ConnectOptions,
  type XpcConnection,
  type XpcDictionary,
  type XpcEndpoint,
  type XpcMessage,
  XpcTransport,
} from '../xpc/index.js';
import type { CallArguments, CallOptions, RouteCaller } from './call-options.js';
import { ConnectionLoss, type DisconnectListener } from './connection-loss.js';
import { decodeRights, rightsIn } from './message-rights.js';
import { PROGRESS_ENDPOINT_KEY } from './progress.js';
import { ProgressReceiver } from './progress-receiver.js';
import type { Protocol, ProtocolRoutes } from './protocol.js';
import { ProtocolClient } from './protocol-client.js';
import { type Route, requestMessage, type StreamRoute, withoutProtocolKeys } from './route.js';
import { located } from './route-codec.js';
import { remoteError, replyFailure } from './route-errors.js';
import { RouteStream, type StreamOptions } from './route-stream.js';
import { PROGRESS_COUNT_KEY, STREAM_COUNT_KEY, STREAM_ENDPOINT_KEY, STREAM_WINDOW_KEY } from './wire-keys.js';
import { decodeShape, encodeShape, type WireObject, type WireShape } from './wire-shape.js';

/** Sends one request; {@link RouteClientOptions.guard} wraps it. */
export type SendRequest = (signal: AbortSignal | undefined) => Promise<XpcDictionary>;

/** How a client behaves. */
export interface RouteClientOptions {
  /** Milliseconds a call may take when it says nothing else; default 60 000, as upstream's registration timeout. */
  readonly timeout?: number;
  /**
   * Watches calls until one has succeeded, and again after an interruption: the moments when the service is being
   * started. It runs `send` and may fail earlier than that, with a better reason.
   */
  readonly guard?: (send: SendRequest, signal: AbortSignal | undefined) => Promise<XpcDictionary>;
  /** The transport of the connection; streams and progress come over it. Default the process's own. */
  readonly transport?: XpcTransport;
}

/** Milliseconds that a service which has dropped a request may take to end: a little more than plugins get. */
const LEAVE_MS = 6_000;

/** The client's end of a connection that speaks routes. */
export class RouteClient implements AsyncDisposable, RouteCaller {
  readonly connection: XpcConnection;
  readonly #options: RouteClientOptions;
  readonly #timeout: number;
  readonly #loss = new ConnectionLoss();
  #isProven = false;
  #isClosing = false;
  /** Whether the handlers of the connection tell of losses. */
  #isTold = false;

  /**
   * A client over a connection that exists. It does not hear of interruptions between calls, which are told to the
   * handlers that the connection was made with: {@link RouteClient.connect} does.
   */
  constructor(connection: XpcConnection, options: RouteClientOptions = {}) {
    this.connection = connection;
    this.#options = options;
    this.#timeout = options.timeout ?? 60_000;
  }

  /** Connects to a service, or to the listener of an endpoint. Throws as `XpcTransport.connect`. */
  static connect(
    transport: XpcTransport,
    target: string | XpcEndpoint,
    options: RouteClientOptions & { readonly connect?: ConnectOptions } = {},
  ): RouteClient {
    const { connect = {}, ...rest } = options;
    const { handlers = {} } = connect;
    const connection: XpcConnection = transport.connect(target, {
      ...connect,
      handlers: {
        ...handlers,
        interrupted: () => {
          client.#lost(new LaunchportError('ERR_XPC_INTERRUPTED', `${client.service} went away`));
          handlers.interrupted?.();
        },
        closed: (reason) => {
          client.#lost(reason);
          handlers.closed?.(reason);
        },
      },
    });
    const client = new RouteClient(connection, { transport, ...rest });
    client.#isTold = true;
    return client;
  }

  /** The service this client talks to, as far as known. */
  get service(): string {
    return this.connection.service ?? 'peer';
  }

  /**
   * Calls a typed route. Descriptors, endpoints and shared memory of the reply are the caller's to close. A call of an
   * idempotent route that is interrupted is made once more.
   * @throws LaunchportError ERR_REMOTE for an error reply (`details.code`, `details.message`), ERR_ROUTE_REQUEST or
   *   ERR_ROUTE_REPLY when a message does not fit its schema, ERR_XPC_TIMEOUT, ERR_XPC_INTERRUPTED (the service went
   *   away, and may or may not have done what it was asked), ERR_XPC_INVALID (there is no such service),
   *   ERR_XPC_CANCELLED, ERR_ABORTED
   */
  async call<Req extends WireShape, Rep extends WireShape>(
    route: Route<Req, Rep>,
    ...[request, options = {}]: CallArguments<Req>
  ): Promise<WireObject<Rep>> {
    const body = this.#encode(route, (request ?? {}) as WireObject<Req>);
    const reply = await (route.isIdempotent === true
      ? this.#callTwice(route.name, body, options)
      : this.callRaw(route.name, body, options));
    return this.#decode('reply', route.name, route.reply, reply);
  }

  /** Calls a route, and once more when that is interrupted. */
  async #callTwice(route: string, body: XpcDictionary, options: CallOptions): Promise<XpcDictionary> {
    const { timeout = this.#timeout, signal } = options;
    const end = performance.now() + timeout;
    const before = this.#loss.count;
    try {
      return await this.callRaw(route, body, options);
    } catch (error) {
      if (!isLaunchportError(error, 'ERR_XPC_INTERRUPTED')) throw error;
    }
    // A service that is about to end drops requests before it closes the connection: the next process is to be asked.
    const patience = Math.min(LEAVE_MS, end - performance.now());
    if (this.#isTold) await this.#loss.after(before, patience, signal);
    return this.callRaw(route, body, { ...options, timeout: end - performance.now() });
  }

  /** Calls a route by name with any keys. Same errors as {@link call}, save those of schemas. */
  async callRaw(route: string, body: XpcDictionary = {}, options: CallOptions = {}): Promise<XpcDictionary> {
    const { onProgress, timeout = this.#timeout, signal } = options;
    if (onProgress === undefined) {
      return this.#success(route, await this.#exchange(route, requestMessage(route, body), timeout, signal));
    }
    const receiver = new ProgressReceiver(this.#transport, onProgress);
    try {
      const message = requestMessage(route, { [PROGRESS_ENDPOINT_KEY]: receiver.endpoint, ...body });
      const answer = await this.#exchange(route, message, timeout, signal);
      const { [PROGRESS_COUNT_KEY]: count, ...reply } = answer;
      if (typeof count === 'bigint') await receiver.received(Number(count));
      return this.#success(route, reply);
    } finally {
      receiver.close();
    }
  }

  /**
   * Reads a stream. Nothing is sent before the first item is asked for. Same errors as {@link call}, thrown by the loop;
   * a stream is never asked for twice.
   */
  stream<Req extends WireShape, Item extends WireShape, Rep extends WireShape>(
    route: StreamRoute<Req, Item, Rep>,
    ...[request, options = {}]: CallArguments<Req, StreamOptions>
  ): RouteStream<WireObject<Item>, WireObject<Rep>> {
    const body = this.#encode(route, (request ?? {}) as WireObject<Req>);
    const name = `${this.service}/${route.name}`;
    return new RouteStream(
      {
        transport: this.#transport,
        name,
        request: (listener, window, signal) => {
          using endpoint = listener.endpoint();
          const keys = { [STREAM_ENDPOINT_KEY]: endpoint, [STREAM_WINDOW_KEY]: BigInt(window) };
          const message = requestMessage(route.name, { ...keys, ...body });
          return this.#exchange(route.name, message, MAX_TIMEOUT_MS, signal);
        },
        decodeItem: (message) => this.#decode('item', route.name, route.item, message),
        decodeReply: (message) => {
          const reply = this.#success(route.name, message);
          if (!(STREAM_COUNT_KEY in message)) {
            throw new LaunchportError('ERR_ROUTE_REPLY', `${name} is no stream`, {
              details: { service: this.service, route: route.name },
            });
          }
          return this.#decode('reply', route.name, route.reply, reply);
        },
      },
      options,
      this.#timeout,
    );
  }

  /** Sends a one-way message to a route; nothing tells whether it arrived. */
  send<Req extends WireShape>(route: Route<Req, WireShape>, request: WireObject<Req>): void {
    this.connection.send(requestMessage(route.name, this.#encode(route, request)));
  }

  /** This client, with the routes of a protocol by name. */
  as<R extends ProtocolRoutes>(protocol: Protocol<R>): ProtocolClient<R> {
    return new ProtocolClient(this, protocol);
  }

  /**
   * Hears that the service went away, once for each time: an interruption that turns out to be the end is one. Not told
   * of {@link close}. Returns how to take it back.
   */
  onDisconnect(listener: DisconnectListener): () => void {
    return this.#loss.add(listener);
  }

  /** Ends the connection. Calls in progress fail with ERR_XPC_CANCELLED. */
  close(): Promise<void> {
    this.#isClosing = true;
    return this.connection[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #transport(): XpcTransport {
    return this.#options.transport ?? XpcTransport.default();
  }

  #lost(reason: LaunchportError): void {
    if (!this.#isClosing && reason.code !== 'ERR_XPC_CANCELLED') this.#loss.lost(reason);
  }

  /** Sends a request and resolves to the reply, whatever it says. */
  async #exchange(
    route: string,
    message: XpcMessage,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<XpcDictionary> {
    const send: SendRequest = (aborted) =>
      this.connection.request(message, { timeout, ...(aborted === undefined ? {} : { signal: aborted }) });
    const guard = this.#isProven ? undefined : this.#options.guard;
    try {
      const reply = await (guard === undefined ? send(signal) : guard(send, signal));
      this.#isProven = true;
      this.#loss.found();
      return reply;
    } catch (error) {
      if (isLaunchportError(error, 'ERR_XPC_INTERRUPTED')) this.#isProven = false;
      throw this.#located(error, route, timeout);
    }
  }

  /** The reply without the keys of the protocol. @throws LaunchportError ERR_REMOTE for an error reply */
  #success(route: string, reply: XpcDictionary): XpcDictionary {
    const failure = replyFailure(reply);
    if (failure === undefined) return withoutProtocolKeys(reply);
    decodeRights(rightsIn(reply), () => undefined);
    throw remoteError(this.service, route, failure);
  }

  #encode<Req extends WireShape>(
    route: { readonly name: string; readonly request: Req },
    request: WireObject<Req>,
  ): XpcDictionary {
    const { service } = this;
    const where = `request of ${service}/${route.name}`;
    return located('ERR_ROUTE_REQUEST', where, { service, route: route.name }, () =>
      encodeShape(route.request, request),
    );
  }

  #decode<S extends WireShape>(what: string, route: string, shape: S, message: XpcDictionary): WireObject<S> {
    const { service } = this;
    return located('ERR_ROUTE_REPLY', `${what} of ${service}/${route}`, { service, route }, () =>
      decodeRights(rightsIn(message), () => decodeShape(shape, message)),
    );
  }

  /** A failure of the transport, with the route it hit. */
  #located(error: unknown, route: string, timeout: number): unknown {
    const codes = ['ERR_XPC_TIMEOUT', 'ERR_XPC_INTERRUPTED', 'ERR_XPC_INVALID', 'ERR_XPC_CANCELLED'] as const;
    if (!isLaunchportError(error, ...codes)) return error;
    const text =
      error.code === 'ERR_XPC_TIMEOUT'
        ? `no reply from ${this.service}/${route} within ${timeout} ms`
        : `${error.message} (calling ${this.service}/${route})`;
    return new LaunchportError(error.code, text, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: { ...error.details, service: this.service, route },
      cause: error,
    });
  }
}
