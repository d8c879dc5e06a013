/** The inside of a listener: lets clients in, one gate for all of them. */
import { errorText, type LaunchportError } from '../base/index.js';
import { Event, type Handle, type PeerCredentials } from '../native/index.js';
import { Channel } from './channel.js';
import { XpcConnection } from './connection.js';
import { refusalText } from './credentials.js';
import type { Engine, Receiver } from './engine.js';
import { failureError } from './failure.js';
import { type GateLimits, HandlerGate } from './handler-gate.js';
import { type AcceptPeer, DEFAULTS, type PeerHandlers } from './handlers.js';
import { isLogged } from './log-budget.js';
import { sinkFor } from './request.js';
import { Suspension } from './suspension.js';

/** What a listener is made of. */
export interface ListenerSettings {
  readonly handle: Handle;
  /** The Mach service; undefined for an anonymous listener. */
  readonly name: string | undefined;
  readonly accept: AcceptPeer;
  readonly limits: GateLimits;
}

/** One listener of an engine. */
export class ListenerCore implements Receiver {
  readonly engine: Engine;
  readonly settings: ListenerSettings;
  /** What errors and log entries call it. */
  readonly service: string;
  readonly closed: Promise<LaunchportError | undefined>;
  accepted = 0;
  refused = 0;
  readonly #gate: HandlerGate;
  readonly #suspension: Suspension;
  #state: 'open' | 'cancelled' | 'closed' = 'open';
  #resolveClosed: (reason: LaunchportError | undefined) => void = () => {};

  constructor(engine: Engine, settings: ListenerSettings) {
    this.engine = engine;
    this.settings = settings;
    this.service = settings.name ?? 'an anonymous listener';
    this.#suspension = new Suspension(engine, { handle: settings.handle, service: this.service });
    this.#gate = new HandlerGate(settings.limits, (isBusy) => engine.setBusy(isBusy));
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    engine.register(settings.handle, this);
    engine.hold();
    engine.port.activate(settings.handle);
  }

  get isActive(): boolean {
    return this.#state === 'open';
  }

  suspend(): void {
    if (this.#state === 'open') this.#suspension.suspend();
  }

  resume(): void {
    if (this.#state === 'open') this.#suspension.resume();
  }

  cancel(): void {
    if (this.#state !== 'open') return;
    this.#state = 'cancelled';
    this.engine.cancel(this.settings.handle);
  }

  onPeer(handle: Handle, credentials: PeerCredentials): void {
    const { service } = this;
    const { timeout, maxPending } = DEFAULTS;
    const { name } = this.settings;
    const channel = new Channel(this.engine, { handle, name, service, timeout, maxPending, credentials });
    const connection = new XpcConnection(channel);
    const handlers = this.#handlersFor(connection, credentials);
    if (handlers === undefined) {
      channel.cancel();
      return;
    }
    this.accepted++;
    channel.start(sinkFor(channel, connection, handlers, this.#gate));
  }

  onPeerRefused(refusal: number, credentials: PeerCredentials): void {
    this.#refuse(refusalText(refusal), credentials);
  }

  onEvent(event: number, failure: number, text: string): void {
    if (event === Event.invalid) this.#finish(failureError(failure, text, this.service));
    else this.engine.logger.info('listener event', { service: this.service, event, text });
  }

  onShutdown(): void {
    this.#finish(undefined);
  }

  onMessage(): void {}
  onReply(): void {}
  onRequestFailed(): void {}
  onRequest(token: Handle): void {
    this.engine.drop(token);
  }

  #handlersFor(connection: XpcConnection, credentials: PeerCredentials): PeerHandlers | undefined {
    if (this.#state !== 'open') {
      this.#refuse('the listener is being closed', credentials);
      return undefined;
    }
    try {
      const handlers = this.settings.accept(connection);
      if (handlers === undefined) this.#refuse('the accept function did not take it', credentials);
      return handlers;
    } catch (error) {
      this.#refuse(`the accept function failed: ${errorText(error)}`, credentials);
      return undefined;
    }
  }

  #refuse(reason: string, { pid, euid, egid }: PeerCredentials): void {
    const { service } = this;
    const refused = ++this.refused;
    if (!isLogged(refused)) return;
    this.engine.logger.warn('a client was refused', { service, reason, pid, euid, egid, refused });
  }

  #finish(reason: LaunchportError | undefined): void {
    if (this.#state === 'closed') return;
    const end = this.#state === 'open' ? reason : undefined;
    this.#state = 'closed';
    this.engine.forget(this.settings.handle);
    this.engine.release();
    this.#resolveClosed(end);
  }
}
