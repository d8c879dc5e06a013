/** A mock connection: a client's, to an address or an endpoint, or a peer's, which a listener accepted. */
import { Event, Failure, type Handle, Inbound } from '../records.js';
import type { PeerCredentials, PeerRequirement } from '../targets.js';
import { admit, isRefused, type Refused } from './admission.js';
import {
  type Channel,
  type ChannelHost,
  emitEvent,
  emitFailure,
  emitFinal,
  Suspension,
  UNKNOWN_PEER,
} from './channel.js';
import { Congestion } from './congestion.js';
import { refusalOf } from './requirement.js';
import { releaseAll } from './right.js';
import type { Outgoing } from './right-table.js';
import type { EndpointRight } from './rights.js';
import type { Frame, ListeningSocket, SocketEnd } from './socket.js';
import { UnsentFrames } from './unsent.js';

/** A refusal that is yet to be reported. */
interface Refusal extends Refused {
  /** Of a request; other messages are reported as dropped. */
  readonly request: number | undefined;
}

/** Where a connection gets its socket from. */
export type ConnectionOrigin =
  | { readonly address: string; readonly requirement: PeerRequirement | undefined }
  | { readonly endpoint: EndpointRight; readonly requirement: PeerRequirement | undefined }
  | { readonly end: SocketEnd; readonly listener: Handle };

/** One connection of a port. */
export class MockConnection implements Channel {
  readonly handle: Handle;
  readonly #host: ChannelHost;
  readonly #origin: ConnectionOrigin;
  readonly #pending = new Set<number>();
  readonly #suspension = new Suspension();
  readonly #unsent = new UnsentFrames();
  readonly #congestion: Congestion;
  #end: SocketEnd | undefined;
  #isPeerChecked = false;
  #state: 'inactive' | 'active' | 'cancelled' = 'inactive';
  #wantsSocket = true;
  #refusals: Refusal[] = [];
  #finalFailure: number = Failure.invalid;
  #finalText = 'the connection was cancelled';
  #barriers = 0;
  #termination: 'none' | 'announced' | 'reported' = 'none';

  constructor(host: ChannelHost, handle: Handle, origin: ConnectionOrigin) {
    this.#host = host;
    this.handle = handle;
    this.#origin = origin;
    this.#congestion = new Congestion(host.limits);
    if ('end' in origin) {
      this.#use(origin.end);
      this.#isPeerChecked = true;
      this.#state = 'active';
    }
  }

  /** The listener that accepted it; undefined for a client's. */
  get listener(): Handle | undefined {
    return 'end' in this.#origin ? this.#origin.listener : undefined;
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

  suspend(): void {
    this.#suspension.suspend();
  }

  resume(): void {
    if (this.#state === 'cancelled') return;
    this.#suspension.resume();
    this.#host.schedule(this);
  }

  /** Asks for a `sent` event. */
  barrier(): void {
    this.#barriers += 1;
    this.#host.schedule(this);
  }

  /** Asks for a `terminationImminent` event, which a connection gets once. */
  announceTermination(): void {
    if (this.#termination === 'none') this.#termination = 'announced';
    this.#host.schedule(this);
  }

  peer(): PeerCredentials {
    return this.#end?.peer?.credentials ?? UNKNOWN_PEER;
  }

  close(): void {
    this.#state = 'cancelled';
    this.#release();
  }

  /** Replies to a request that came over `end`. False when nothing was sent; a refused reply drops the request. */
  reply(end: SocketEnd, id: number, message: Outgoing): boolean {
    if (this.#end !== end) return false;
    const isSent = this.send('reply', id, message);
    if (!isSent) end.write({ kind: 'dropped', id, body: new Uint8Array(0), rights: [] });
    return isSent;
  }

  /** Sends or queues a copy of `message`. False when it was refused, which is also reported later. */
  send(kind: 'message' | 'request' | 'reply', id: number, message: Outgoing): boolean {
    const admission =
      this.#state === 'cancelled'
        ? { failure: Failure.invalid, text: this.#finalText }
        : admit(this.#host, message, this.#queuedBytes);
    this.#host.schedule(this);
    if (isRefused(admission)) {
      this.#refusals.push({ ...admission, request: kind === 'request' ? id : undefined });
      return false;
    }
    if (kind === 'request') this.#pending.add(id);
    const frame = { kind, id, body: message.body.slice(), rights: admission };
    // What waited while it was suspended goes first.
    if (this.#end !== undefined && this.#isRunning && this.#unsent.bytes === 0) {
      this.#end.write(frame);
    } else {
      this.#unsent.push(frame);
      this.#wantsSocket = true;
    }
    return true;
  }

  pump(): void {
    this.#reportRefusals();
    if (this.#isRunning && this.#end === undefined && this.#wantsSocket) this.#connect();
    if (this.#isRunning && this.#end !== undefined) this.#transfer(this.#end);
    this.#reportCongestion();
    this.#reportTermination();
    if (this.#isRunning && this.#queuedBytes === 0) this.#reportSent();
    if (this.#state === 'cancelled') this.#finish();
  }

  get #isRunning(): boolean {
    return this.#state === 'active' && !this.#suspension.isSuspended;
  }

  get #queuedBytes(): number {
    const inSocket = this.#end?.unreadBytes ?? 0;
    return this.#unsent.bytes + Math.max(0, inSocket - this.#host.limits.socketBytes);
  }

  #use(end: SocketEnd): void {
    this.#end = end;
    this.#isPeerChecked = false;
    end.onChange = () => this.#host.schedule(this);
  }

  #release(): void {
    this.#end?.close();
    this.#end = undefined;
    this.#unsent.discard();
  }

  #die(text: string): void {
    this.#state = 'cancelled';
    this.#finalText = text;
    this.#release();
  }

  #connect(): void {
    const socket = this.#lookUp();
    if (socket === undefined) {
      this.#die(
        'address' in this.#origin ? `nothing listens at ${this.#origin.address}` : 'the listener is gone',
      );
      return;
    }
    const end = socket.connect(this.#host.process);
    if (end === undefined) socket.onRoom(() => this.#host.schedule(this));
    else this.#use(end);
  }

  #lookUp(): ListeningSocket | undefined {
    if ('address' in this.#origin) return this.#host.lookUp(this.#origin.address);
    if ('endpoint' in this.#origin && this.#origin.endpoint.socket.isOpen)
      return this.#origin.endpoint.socket;
    return undefined;
  }

  #transfer(end: SocketEnd): void {
    if (!this.#isPeerMet(end)) return;
    for (const frame of this.#unsent.take()) end.write(frame);
    // JavaScript runs whenever the inbox is full, and may cancel or suspend this connection.
    while (this.#isRunning) {
      const frame = end.read();
      if (frame === undefined) break;
      this.#receive(end, frame);
    }
    if (this.#isRunning && end.isAtEnd) this.#endOfStream();
  }

  /** Looks at the service once it is known, before anything of it is read. */
  #isPeerMet(end: SocketEnd): boolean {
    const { peer } = end;
    if (this.#isPeerChecked || peer === undefined || 'end' in this.#origin) return true;
    this.#isPeerChecked = true;
    const users = [this.#host.process.credentials.euid, 0];
    if (refusalOf(this.#origin.requirement, peer, users) === undefined) return true;
    const text = 'the service does not meet the requirement';
    this.#finalFailure = Failure.peerRequirement;
    this.#die(text);
    emitEvent(this.#host, this.handle, Event.dropped, Failure.peerRequirement, text);
    return false;
  }

  #receive(end: SocketEnd, frame: Frame): void {
    const { kind, id, body, rights } = frame;
    const isAwaited = kind === 'reply' || kind === 'dropped' ? this.#pending.delete(id) : true;
    if (!isAwaited) {
      releaseAll(rights);
      return;
    }
    if (kind === 'dropped') {
      emitFailure(this.#host, this.handle, id, Failure.interrupted, 'the request was dropped');
      return;
    }
    this.#host.count('received');
    if (kind === 'message') this.#host.emit(Inbound.message, this.handle, 0, body, rights);
    else if (kind === 'reply') this.#host.emit(Inbound.reply, this.handle, id, body, rights);
    else {
      const token = this.#host.openToken(this.handle, end, id);
      this.#host.emit(Inbound.request, this.handle, token, body, rights);
    }
  }

  #endOfStream(): void {
    if (!('address' in this.#origin)) {
      this.#die('end' in this.#origin ? 'the client went away' : 'the listener went away');
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
    emitEvent(this.#host, this.handle, Event.interrupted, Failure.interrupted, 'the service went away');
  }

  #reportRefusals(): void {
    const refusals = this.#refusals;
    this.#refusals = [];
    for (const { failure, text, request } of refusals) {
      if (request !== undefined) emitFailure(this.#host, this.handle, request, failure, text);
      else if (failure !== Failure.invalid) emitEvent(this.#host, this.handle, Event.dropped, failure, text);
    }
  }

  #reportCongestion(): void {
    this.#congestion.update(this.#queuedBytes);
    const news = this.#state === 'active' ? this.#congestion.takeNews() : undefined;
    if (news !== undefined) emitEvent(this.#host, this.handle, Event[news]);
  }

  #reportTermination(): void {
    if (this.#termination !== 'announced' || !this.#isRunning) return;
    this.#termination = 'reported';
    emitEvent(this.#host, this.handle, Event.terminationImminent);
  }

  #reportSent(): void {
    for (; this.#barriers > 0; this.#barriers -= 1) emitEvent(this.#host, this.handle, Event.sent);
  }

  #finish(): void {
    const failed = [...this.#pending];
    this.#pending.clear();
    for (const id of failed) emitFailure(this.#host, this.handle, id, this.#finalFailure, this.#finalText);
    // Requests and barriers made while JavaScript was told are answered too, before the final event.
    this.#reportRefusals();
    this.#reportSent();
    emitFinal(this.#host, this, this.#finalText);
  }
}
