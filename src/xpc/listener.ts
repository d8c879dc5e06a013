/** A listener: accepts the clients of a Mach service of this process. */
import { errorText, LaunchportError, withDeadline } from '../base/index.js';
import { Event, type Handle, type PeerCredentials } from '../native/index.js';
import { Channel } from './channel.js';
import { XpcConnection } from './connection.js';
import type { Engine, Receiver } from './engine.js';
import { failureError } from './failure.js';
import { HandlerGate } from './handler-gate.js';
import { type AcceptPeer, DEFAULTS, type ListenOptions, type PeerHandlers } from './handlers.js';
import { sinkFor } from './request.js';

/** Milliseconds that `await using` waits for the final event. */
const DISPOSE_TIMEOUT_MS = 10_000;

/** Clients so far. */
export interface ListenerStatistics {
  readonly accepted: number;
  /** By their credentials, or by the accept function. */
  readonly refused: number;
}

/** The inside of a listener. */
export class ListenerCore implements Receiver {
  readonly service: string;
  readonly closed: Promise<LaunchportError | undefined>;
  accepted = 0;
  refused = 0;
  readonly #engine: Engine;
  readonly #handle: Handle;
  readonly #accept: AcceptPeer;
  readonly #gate: HandlerGate;
  #state: 'open' | 'cancelled' | 'closed' = 'open';
  #resolveClosed: (reason: LaunchportError | undefined) => void = () => {};

  constructor(engine: Engine, handle: Handle, service: string, accept: AcceptPeer, options: ListenOptions) {
    this.#engine = engine;
    this.#handle = handle;
    this.service = service;
    this.#accept = accept;
    this.#gate = new HandlerGate(
      options.maxConcurrent ?? DEFAULTS.maxConcurrent,
      options.maxWaiting ?? DEFAULTS.maxWaiting,
    );
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    engine.register(handle, this);
    engine.hold();
    engine.port.activate(handle);
  }

  get isActive(): boolean {
    return this.#state === 'open';
  }

  cancel(): void {
    if (this.#state !== 'open') return;
    this.#state = 'cancelled';
    this.#engine.cancel(this.#handle);
  }

  onPeer(handle: Handle, credentials: PeerCredentials): void {
    const { service } = this;
    if (handle === 0) {
      this.refused++;
      this.#engine.logger.warn('a client was refused: it runs as another user', { service, ...credentials });
      return;
    }
    const { timeout, maxPending } = DEFAULTS;
    const channel = new Channel(this.#engine, { handle, service, timeout, maxPending, credentials });
    const connection = new XpcConnection(channel);
    const handlers = this.#state === 'open' ? this.#handlersFor(connection) : undefined;
    if (handlers === undefined) {
      this.refused++;
      channel.cancel();
      return;
    }
    this.accepted++;
    channel.start(sinkFor(channel, connection, handlers, this.#gate));
  }

  onEvent(event: number, failure: number, text: string): void {
    if (event === Event.invalid) this.#finish(failureError(failure, text, this.service));
    else this.#engine.logger.info('listener event', { service: this.service, event, text });
  }

  onShutdown(): void {
    this.#finish(undefined);
  }

  onMessage(): void {}
  onReply(): void {}
  onRequestFailed(): void {}
  onRequest(token: Handle): void {
    this.#engine.drop(token);
  }

  #handlersFor(connection: XpcConnection): PeerHandlers | undefined {
    try {
      return this.#accept(connection);
    } catch (error) {
      this.#engine.logger.error('a client was refused: the accept function failed', {
        service: this.service,
        error: errorText(error),
      });
      return undefined;
    }
  }

  #finish(reason: LaunchportError | undefined): void {
    if (this.#state === 'closed') return;
    const end = this.#state === 'open' ? reason : undefined;
    this.#state = 'closed';
    this.#engine.forget(this.#handle);
    this.#engine.release();
    this.#resolveClosed(end);
  }
}

/** A listener. Made by `XpcTransport.listen`. */
export class XpcListener implements AsyncDisposable {
  readonly #core: ListenerCore;

  /** For the transport. */
  constructor(core: ListenerCore) {
    this.#core = core;
  }

  /** The Mach service. */
  get service(): string {
    return this.#core.service;
  }

  /** False once it is cancelled or dead. */
  get isActive(): boolean {
    return this.#core.isActive;
  }

  get statistics(): ListenerStatistics {
    return { accepted: this.#core.accepted, refused: this.#core.refused };
  }

  /**
   * Resolves at the end: with undefined after `cancel`, else with the reason, ERR_XPC_INVALID when the process was
   * given no listener of that name. Never rejects.
   */
  get closed(): Promise<LaunchportError | undefined> {
    return this.#core.closed;
  }

  /** Stops listening and cancels the connections it accepted. A second call does nothing. */
  cancel(): void {
    this.#core.cancel();
  }

  /** Cancels, and waits for the end. @throws LaunchportError ERR_XPC_TIMEOUT after 10 seconds without it */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    const onTimeout = () =>
      new LaunchportError('ERR_XPC_TIMEOUT', `${this.service}: the listener does not end`);
    await withDeadline('closing a listener', { timeout: DISPOSE_TIMEOUT_MS }, onTimeout, () => this.closed);
  }
}
