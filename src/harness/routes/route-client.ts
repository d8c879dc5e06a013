/** Calls routes over a connection: typed requests and replies, coded errors, and a deadline for each call. */
import { isLaunchportError, LaunchportError, type WaitOptions } from '../../base/index.js';
import type { XpcConnection, XpcDictionary } from '../../xpc/index.js';
import { type Route, requestMessage, withoutProtocolKeys } from './route.js';
import { remoteError, replyFailure } from './route-errors.js';
import { decodeShape, encodeShape, type WireObject, type WireShape } from './wire-shape.js';
import { WireMismatch } from './wire-type.js';

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
}

/** Arguments of a call: the request may be left out when it has no required key. */
export type CallArguments<Req extends WireShape> =
  Record<never, never> extends WireObject<Req>
    ? [request?: WireObject<Req>, options?: WaitOptions]
    : [request: WireObject<Req>, options?: WaitOptions];

/** The client's end of a connection that speaks routes. */
export class RouteClient implements AsyncDisposable {
  readonly connection: XpcConnection;
  readonly #timeout: number;
  readonly #guard: RouteClientOptions['guard'];
  #isProven = false;

  constructor(connection: XpcConnection, options: RouteClientOptions = {}) {
    this.connection = connection;
    this.#timeout = options.timeout ?? 60_000;
    this.#guard = options.guard;
  }

  /** The service this client talks to, as far as known. */
  get service(): string {
    return this.connection.service ?? 'peer';
  }

  /**
   * Calls a typed route.
   * @throws LaunchportError ERR_REMOTE for an error reply (`details.code`, `details.message`), ERR_ROUTE_REQUEST or
   *   ERR_ROUTE_REPLY when a message does not fit its schema, ERR_XPC_TIMEOUT, ERR_XPC_INTERRUPTED (the service went
   *   away: the call may be repeated), ERR_XPC_INVALID (there is no such service), ERR_XPC_CANCELLED, ERR_ABORTED
   */
  async call<Req extends WireShape, Rep extends WireShape>(
    route: Route<Req, Rep>,
    ...[request, options]: CallArguments<Req>
  ): Promise<WireObject<Rep>> {
    const body = this.#encode(route, (request ?? {}) as WireObject<Req>);
    const reply = await this.callRaw(route.name, body, options);
    try {
      return decodeShape(route.reply, reply);
    } catch (error) {
      throw this.#mismatch('ERR_ROUTE_REPLY', route.name, error);
    }
  }

  /** Calls a route by name with any keys. Same errors as {@link call}, save those of schemas. */
  async callRaw(route: string, body: XpcDictionary = {}, options: WaitOptions = {}): Promise<XpcDictionary> {
    const message = requestMessage(route, body);
    const timeout = options.timeout ?? this.#timeout;
    const send: SendRequest = (signal) =>
      this.connection.request(message, { timeout, ...(signal === undefined ? {} : { signal }) });
    let reply: XpcDictionary;
    try {
      const guard = this.#isProven ? undefined : this.#guard;
      reply = await (guard === undefined ? send(options.signal) : guard(send, options.signal));
    } catch (error) {
      if (isLaunchportError(error, 'ERR_XPC_INTERRUPTED')) this.#isProven = false;
      throw this.#located(error, route, timeout);
    }
    this.#isProven = true;
    const failure = replyFailure(reply);
    if (failure !== undefined) throw remoteError(this.service, route, failure);
    return withoutProtocolKeys(reply);
  }

  /** Sends a one-way message to a route; nothing tells whether it arrived. */
  send<Req extends WireShape>(route: Route<Req, WireShape>, request: WireObject<Req>): void {
    this.connection.send(requestMessage(route.name, this.#encode(route, request)));
  }

  /** Ends the connection. Calls in progress fail with ERR_XPC_CANCELLED. */
  close(): Promise<void> {
    return this.connection[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #encode<Req extends WireShape>(route: Route<Req, WireShape>, request: WireObject<Req>): XpcDictionary {
    try {
      return encodeShape(route.request, request);
    } catch (error) {
      throw this.#mismatch('ERR_ROUTE_REQUEST', route.name, error);
    }
  }

  #mismatch(code: 'ERR_ROUTE_REQUEST' | 'ERR_ROUTE_REPLY', route: string, error: unknown): unknown {
    if (!(error instanceof WireMismatch)) return error;
    const what = code === 'ERR_ROUTE_REQUEST' ? 'request' : 'reply';
    return new LaunchportError(code, `${what} of ${this.service}/${route}: ${error.message}`, {
      details: { service: this.service, route, path: error.path },
    });
  }

  /** A failure of the transport, with the route it hit. */
  #located(error: unknown, route: string, timeout: number): unknown {
    if (
      !isLaunchportError(
        error,
        'ERR_XPC_TIMEOUT',
        'ERR_XPC_INTERRUPTED',
        'ERR_XPC_INVALID',
        'ERR_XPC_CANCELLED',
      )
    )
      return error;
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
