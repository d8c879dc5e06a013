/** A mock connection: a client's, which finds its service by address, or a peer's, which a listener accepted. */
import { Event, Failure, type Handle, Inbound } from '../records.js';
import type { PeerCredentials } from '../targets.js';
import { type Endpoint, type EndpointHost, emitFailure, emitFinal, UNKNOWN_PEER } from './endpoint.js';
import { encodeReason, isDictionary } from './records.js';
import { type Frame, frameBytes, type SocketEnd } from './socket.js';

/** Why a message was not sent. */
interface Refusal {
  readonly failure: number;
  readonly text: string;
  /** Of a request; other messages are reported as dropped. */
  readonly request: number | undefined;
}

/** Where a connection gets its socket from. */
export type ConnectionOrigin = { readonly address: string } | { readonly end: SocketEnd };

/** One connection of a port. */
export class MockConnection implements Endpoint {
  readonly handle: Handle;
  readonly isListener = false;
  readonly #host: EndpointHost;
  readonly #address: string | undefined;
  readonly #pending = new Set<number>();
  #end: SocketEnd | undefined;
  #state: 'inactive' | 'active' | 'cancelled' = 'inactive';
  #wantsSocket = true;
  #unsent: Frame[] = [];
  #unsentBytes = 0;
  #refusals: Refusal[] = [];
  #finalText = 'the connection was cancelled';
  #barriers = 0;
  #isCongested = false;
  #isCongestionReported = false;

  constructor(host: EndpointHost, handle: Handle, origin: ConnectionOrigin) {
    this.#host = host;
    this.handle = handle;
    this.#address = 'address' in origin ? origin.address : undefined;
    if ('end' in origin) {
      this.#use(origin.end);
      this.#state = 'active';
    }
  }

  activate(): void {
    if (this.#state === 'inactive') this.#state = 'active';
    this.#host.schedule(this);
  }

  cancel(): void {
    if (this.#state === 'cancelled') return;
    this.#state = 'cancelled';
    this.#release();
    this.#host.schedule(this);
  }

  /** Asks for a `sent` event. */
  barrier(): void {
    this.#barriers += 1;
    this.#host.schedule(this);
  }

  peer(): PeerCredentials {
    return this.#end?.peerCredentials ?? UNKNOWN_PEER;
  }

  close(): void {
    this.#state = 'cancelled';
    this.#release();
  }

  /** Replies to a request that came over `end`. False when nothing was sent; a refused reply drops the request. */
  reply(end: SocketEnd, id: number, body: Uint8Array): boolean {
    if (this.#end !== end) return false;
    const isSent = this.send('reply', id, body);
    if (!isSent) end.write({ kind: 'dropped', id, body: new Uint8Array(0) });
    return isSent;
  }

  /** Sends or queues a copy of `body`. False when it was refused, which is also reported later. */
  send(kind: 'message' | 'request' | 'reply', id: number, body: Uint8Array): boolean {
    const refusal = this.#refuse(body, kind === 'request' ? id : undefined);
    if (refusal !== undefined) {
      this.#refusals.push(refusal);
      this.#host.schedule(this);
      return false;
    }
    if (kind === 'request') this.#pending.add(id);
    const frame = { kind, id, body: body.slice() };
    if (this.#end !== undefined && this.#state === 'active') {
      this.#end.write(frame);
    } else {
      this.#unsent.push(frame);
      this.#unsentBytes += frameBytes(frame);
      this.#wantsSocket = true;
    }
    this.#host.schedule(this);
    return true;
  }

  pump(): void {
    this.#reportRefusals();
    if (this.#state === 'active' && this.#end === undefined && this.#wantsSocket) this.#connect();
    if (this.#state === 'active' && this.#end !== undefined) this.#transfer(this.#end);
    this.#reportCongestion();
    if (this.#state === 'active' && this.#queuedBytes === 0) this.#reportSent();
    if (this.#state === 'cancelled') this.#finish();
  }

  #refuse(body: Uint8Array, request: number | undefined): Refusal | undefined {
    const { maxMessageBytes, maxQueueBytes } = this.#host.limits;
    if (this.#state === 'cancelled') return { failure: Failure.invalid, text: this.#finalText, request };
    if (body.byteLength > maxMessageBytes) {
      const text = `${body.byteLength} bytes; the limit is ${maxMessageBytes}`;
      return { failure: Failure.tooLarge, text, request };
    }
    if (!isDictionary(body)) {
      return { failure: Failure.malformed, text: 'the body is not a dictionary', request };
    }
    if (this.#queuedBytes >= maxQueueBytes) {
      return { failure: Failure.queueFull, text: `the limit of ${maxQueueBytes} bytes is reached`, request };
    }
    return undefined;
  }

  get #queuedBytes(): number {
    const inSocket = this.#end?.unreadBytes ?? 0;
    return this.#unsentBytes + Math.max(0, inSocket - this.#host.limits.socketBytes);
  }

  #use(end: SocketEnd): void {
    this.#end = end;
    end.onChange = () => this.#host.schedule(this);
  }

  #release(): void {
    this.#end?.close();
    this.#end = undefined;
    this.#unsent = [];
    this.#unsentBytes = 0;
  }

  #die(text: string): void {
    this.#state = 'cancelled';
    this.#finalText = text;
    this.#release();
  }

  #connect(): void {
    const address = this.#address as string;
    const socket = this.#host.lookUp(address);
    if (socket === undefined) {
      this.#die(`nothing listens at ${address}`);
      return;
    }
    const end = socket.connect(this.#host.process.credentials);
    if (end === undefined) socket.onRoom(() => this.#host.schedule(this));
    else this.#use(end);
  }

  #transfer(end: SocketEnd): void {
    const unsent = this.#unsent;
    this.#unsent = [];
    this.#unsentBytes = 0;
    for (const frame of unsent) end.write(frame);
    // JavaScript runs whenever the inbox is full, and may cancel this connection.
    while (this.#state === 'active') {
      const frame = end.read();
      if (frame === undefined) break;
      this.#receive(end, frame);
    }
    if (this.#state === 'active' && end.isAtEnd) this.#endOfStream();
  }

  #receive(end: SocketEnd, frame: Frame): void {
    const { kind, id, body } = frame;
    if (kind === 'dropped') {
      if (!this.#pending.delete(id)) return;
      emitFailure(this.#host, this.handle, id, Failure.interrupted, 'the request was dropped');
      return;
    }
    if (kind === 'reply' && !this.#pending.delete(id)) return;
    this.#host.count('received');
    if (kind === 'message') this.#host.emit(Inbound.message, this.handle, 0, body);
    else if (kind === 'reply') this.#host.emit(Inbound.reply, this.handle, id, body);
    else this.#host.emit(Inbound.request, this.handle, this.#host.openToken(this.handle, end, id), body);
  }

  #endOfStream(): void {
    if (this.#address === undefined) {
      this.#die('the client went away');
      return;
    }
    // First everything is set for a new start, because JavaScript may send while it is told.
    const failed = [...this.#pending];
    this.#pending.clear();
    this.#release();
    this.#wantsSocket = false;
    for (const id of failed) {
      emitFailure(this.#host, this.handle, id, Failure.interrupted, 'the service went away');
    }
    const reason = encodeReason(Failure.interrupted, 'the service went away');
    this.#host.emit(Inbound.event, this.handle, Event.interrupted, reason);
  }

  #reportRefusals(): void {
    const refusals = this.#refusals;
    this.#refusals = [];
    for (const { failure, text, request } of refusals) {
      if (request !== undefined) {
        emitFailure(this.#host, this.handle, request, failure, text);
      } else if (failure !== Failure.invalid) {
        this.#host.emit(Inbound.event, this.handle, Event.dropped, encodeReason(failure, text));
      }
    }
  }

  #reportCongestion(): void {
    const { highWaterBytes, lowWaterBytes } = this.#host.limits;
    const queued = this.#queuedBytes;
    if (queued >= highWaterBytes) this.#isCongested = true;
    else if (queued < lowWaterBytes) this.#isCongested = false;
    if (this.#state !== 'active' || this.#isCongested === this.#isCongestionReported) return;
    this.#isCongestionReported = this.#isCongested;
    const event = this.#isCongested ? Event.congested : Event.drained;
    this.#host.emit(Inbound.event, this.handle, event, encodeReason(Failure.none, ''));
  }

  #reportSent(): void {
    for (; this.#barriers > 0; this.#barriers -= 1) {
      this.#host.emit(Inbound.event, this.handle, Event.sent, encodeReason(Failure.none, ''));
    }
  }

  #finish(): void {
    const failed = [...this.#pending];
    this.#pending.clear();
    for (const id of failed) {
      emitFailure(this.#host, this.handle, id, Failure.invalid, this.#finalText);
    }
    // Requests and barriers made while JavaScript was told are answered too, before the final event.
    this.#reportRefusals();
    this.#reportSent();
    emitFinal(this.#host, this, this.#finalText);
  }
}
