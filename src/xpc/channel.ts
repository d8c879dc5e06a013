/** The inside of a connection: its state, its requests, and what arrives for it. */
import { errorText, LaunchportError, type WaitOptions } from '../base/index.js';
import { Event, type Handle, Outbound, type PeerCredentials } from '../native/index.js';
import type { ChannelSettings, ChannelSink } from './channel-parts.js';
import type { Decoder } from './decoder.js';
import type { Engine, Receiver } from './engine.js';
import { cancelledError, failureError } from './failure.js';
import { OutgoingRequests } from './outgoing-requests.js';
import { SendWindow } from './send-window.js';
import { Suspension } from './suspension.js';
import type { XpcDictionary, XpcMessage } from './value.js';

/** One connection of an engine. */
export class Channel implements Receiver {
  readonly settings: ChannelSettings;
  readonly closed: Promise<void>;
  readonly #engine: Engine;
  readonly #window: SendWindow;
  readonly #suspension: Suspension;
  readonly #requests: OutgoingRequests;
  #sink: ChannelSink = {};
  #state: 'open' | 'cancelled' | 'closed' = 'open';
  #isHeld = false;
  #isActive = false;
  #resolveClosed: () => void = () => {};

  constructor(engine: Engine, settings: ChannelSettings) {
    this.#engine = engine;
    this.settings = settings;
    this.#window = new SendWindow(engine, settings);
    this.#suspension = new Suspension(engine, settings);
    this.#requests = new OutgoingRequests(engine, settings.handle, settings.service, settings.maxPending);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    engine.register(settings.handle, this);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get credentials(): PeerCredentials {
    return this.settings.credentials ?? this.#engine.port.peer(this.settings.handle);
  }

  /**
   * Starts the connection, a lazy one at its first use. A peer, or a client that takes messages, keeps the event loop
   * alive.
   */
  start(sink: ChannelSink, isLazy = false): void {
    this.#sink = sink;
    const isPeer = this.settings.credentials !== undefined;
    if (isPeer || sink.message !== undefined || sink.request !== undefined) this.#hold();
    if (!isLazy) this.#activate();
  }

  send(message: XpcMessage): void {
    this.#assertOpen();
    this.#activate();
    this.#window.assertRoom();
    this.#window.count(this.#engine.outbox.write(Outbound.message, this.settings.handle, 0, message));
  }

  request(message: XpcMessage, options: WaitOptions): Promise<XpcDictionary> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      this.#activate();
      const { timeout = this.settings.timeout, signal } = options;
      this.#window.count(this.#requests.send(message, { timeout, signal }, resolve, reject));
    });
  }

  /** Sends a reply. @throws LaunchportError ERR_XPC_INVALID when closed, and for what cannot be encoded */
  reply(token: Handle, message: XpcMessage): void {
    this.#assertOpen();
    this.#window.count(this.#engine.outbox.write(Outbound.reply, this.settings.handle, token, message));
  }

  /** Drops a request. */
  drop(token: Handle): void {
    this.#engine.drop(token);
  }

  async drained(options: WaitOptions): Promise<void> {
    this.#startWait();
    await this.#window.drained(options);
    this.#assertOpen();
  }

  async flushed(options: WaitOptions): Promise<void> {
    this.#startWait();
    await this.#window.flushed(options);
    this.#assertOpen();
  }

  get isSuspended(): boolean {
    return this.#suspension.isSuspended;
  }

  suspend(): void {
    this.#assertOpen();
    this.#suspension.suspend();
  }

  resume(): void {
    if (this.isOpen) this.#suspension.resume();
  }

  #startWait(): void {
    this.#assertOpen();
    this.#activate();
  }

  #activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#engine.port.activate(this.settings.handle);
  }

  cancel(): void {
    if (!this.isOpen) return;
    this.#state = 'cancelled';
    // Until the final event, so that whoever waits for it sees it.
    this.#hold();
    this.#end(cancelledError(this.settings.service));
    this.#engine.cancel(this.settings.handle);
  }

  onMessage(decoder: Decoder, start: number, end: number): void {
    const message = this.#decode(decoder, start, end);
    if (message === undefined || this.#sink.message === undefined) return;
    decoder.rights?.keep();
    this.#guard('message', () => this.#sink.message?.(message));
  }

  onRequest(token: Handle, decoder: Decoder, start: number, end: number): void {
    const message = this.#decode(decoder, start, end);
    if (message !== undefined && this.#sink.request !== undefined) {
      this.#sink.request({ token, message, byteLength: end - start, rights: decoder.rights });
      return;
    }
    this.drop(token);
    if (message !== undefined) this.log('a request was dropped', 'this connection takes none');
  }

  onReply(id: number, decoder: Decoder, start: number, end: number): void {
    const error = this.#requests.replied(id, () => {
      const reply = decoder.decode(start, end);
      decoder.rights?.keep();
      return reply;
    });
    if (error !== undefined) this.#onMalformed(error);
  }

  onRequestFailed(id: number, failure: number, text: string): void {
    const { service } = this.settings;
    this.#requests.failed(id, () =>
      this.isOpen ? failureError(failure, text, service) : cancelledError(service),
    );
  }

  onEvent(event: number, failure: number, text: string): void {
    const { service } = this.settings;
    switch (event) {
      case Event.invalid:
        this.#finish(failureError(failure, text, service));
        break;
      case Event.congested:
      case Event.drained:
        this.#window.setCongested(event === Event.congested);
        break;
      case Event.sent:
        this.#window.sent();
        break;
      case Event.interrupted:
        this.#window.setCongested(false);
        if (this.isOpen) this.#guard('interrupted', () => this.#sink.interrupted?.());
        break;
      case Event.terminationImminent:
        if (this.isOpen) this.#guard('terminationImminent', () => this.#sink.terminationImminent?.());
        break;
      case Event.dropped:
        this.log('a message was dropped', failureError(failure, text, service));
        break;
      default:
        this.#engine.logger.info('connection event', { service, event, text });
    }
  }

  onPeer(handle: Handle): void {
    this.#engine.cancel(handle);
  }

  onPeerRefused(): void {}

  onShutdown(): void {
    this.#finish(cancelledError(this.settings.service));
  }

  /** Logs a failure that no caller sees. */
  log(what: string, error: unknown): void {
    this.#engine.logger.warn(what, { service: this.settings.service, error: errorText(error) });
  }

  #finish(reason: LaunchportError): void {
    if (this.#state === 'closed') return;
    const end = this.isOpen ? reason : cancelledError(this.settings.service);
    if (this.isOpen) this.#end(end);
    this.#state = 'closed';
    this.#engine.forget(this.settings.handle);
    // The binding fails them first; this is for one that is closed with requests on their way.
    this.#requests.failAll(end);
    this.#guard('closed', () => this.#sink.closed?.(end));
    this.#resolveClosed();
    if (this.#isHeld) this.#engine.release();
    this.#isHeld = false;
  }

  #end(reason: LaunchportError): void {
    this.#sink.ended?.(reason);
    this.#window.end();
    this.#suspension.end();
  }

  #decode(decoder: Decoder, start: number, end: number): XpcDictionary | undefined {
    if (!this.isOpen) return undefined;
    try {
      return decoder.decode(start, end);
    } catch (error) {
      this.#onMalformed(error);
      return undefined;
    }
  }

  /** A peer that sends what is not XPC is not talked to any more. */
  #onMalformed(error: unknown): void {
    this.log('the connection is cancelled: it sent a malformed message', error);
    this.cancel();
  }

  #guard(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.log(`the ${what} handler failed`, error);
    }
  }

  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#engine.hold();
  }

  #assertOpen(): void {
    if (this.isOpen) return;
    const { service } = this.settings;
    throw new LaunchportError('ERR_XPC_INVALID', `${service}: the connection is closed`, {
      hint: 'Connect again.',
      details: { service },
    });
  }
}
