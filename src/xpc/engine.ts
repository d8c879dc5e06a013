/**
 * One port of a binding: takes records apart and hands them to whom they belong, sends once per burst, and keeps the
 * event loop alive while somebody waits.
 */
import { errorText, type Logger } from '../base/index.js';
import {
  type Binding,
  type Handle,
  Inbound,
  type PeerCredentials,
  type Port,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
} from '../native/index.js';
import { DeadlineQueue } from './deadline-queue.js';
import { Decoder } from './decoder.js';
import { readReason } from './failure.js';
import { Outbox } from './outbox.js';
import { type PendingRequest, RequestTable } from './request-table.js';

/** A connection or listener of the engine: what the records for its handle do. */
export interface Receiver {
  onMessage(decoder: Decoder, start: number, end: number): void;
  onRequest(token: Handle, decoder: Decoder, start: number, end: number): void;
  onReply(id: number, decoder: Decoder, start: number, end: number): void;
  onRequestFailed(id: number, failure: number, text: string): void;
  onEvent(event: number, failure: number, text: string): void;
  /** A client came; `handle` is 0 when it was refused by its credentials. */
  onPeer(handle: Handle, credentials: PeerCredentials): void;
  /** The engine closes. */
  onShutdown(): void;
}

/** The engine of a transport. */
export class Engine {
  readonly port: Port;
  readonly outbox: Outbox;
  readonly logger: Logger;
  readonly requests = new RequestTable();
  readonly #deadlines = new DeadlineQueue<PendingRequest>((request) => this.#expire(request));
  readonly #receivers = new Map<Handle, Receiver>();
  readonly #decoder: Decoder;
  readonly #view: DataView;
  #holds = 0;
  #isActive = false;
  #isDelivering = false;
  #isFlushScheduled = false;
  #isClosed = false;

  constructor(binding: Binding, logger: Logger) {
    this.logger = logger;
    this.port = binding.open((byteLength, large) => this.#deliver(byteLength, large));
    this.outbox = new Outbox(this.port, () => this.#scheduleFlush());
    this.#decoder = new Decoder(new Uint8Array(this.port.inbox));
    this.#view = new DataView(this.port.inbox);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on the records for `handle` go to `receiver`. */
  register(handle: Handle, receiver: Receiver): void {
    this.#receivers.set(handle, receiver);
  }

  /** The handle is free. */
  forget(handle: Handle): void {
    this.#receivers.delete(handle);
  }

  /** Puts a request that was sent under its deadline. */
  track(request: PendingRequest): void {
    this.#deadlines.add(request, request.timeout);
    // No burst under way that will do it: the request went alone, too large for the outbox.
    if (!this.#isDelivering && !this.#isFlushScheduled) this.#deadlines.forgetTime();
    this.hold();
  }

  /** A tracked request is settled. */
  untrack(request: PendingRequest): void {
    this.#deadlines.remove(request);
    this.release();
  }

  /** Keeps the event loop alive until as many `release` calls. */
  hold(): void {
    this.#holds++;
    this.#updateActive();
  }

  release(): void {
    this.#holds--;
    this.#updateActive();
  }

  /** Drops a request of the other side. */
  drop(token: Handle): void {
    if (!this.#isClosed) this.port.drop(token);
  }

  /** Starts the end of a connection or listener, behind what was sent before. */
  cancel(handle: Handle): void {
    if (this.#isClosed) return;
    this.flush();
    this.port.cancel(handle);
  }

  /** Hands what was written to the binding now. */
  flush(): void {
    if (this.#isClosed) return;
    try {
      this.outbox.flush();
    } catch (error) {
      this.logger.error('the binding did not take messages', { error: errorText(error) });
    }
  }

  /** Closes the port and ends everything on it. */
  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    this.port.close();
    for (const receiver of [...this.#receivers.values()]) receiver.onShutdown();
    this.#receivers.clear();
    this.#deadlines.clear();
  }

  #expire(request: PendingRequest): void {
    request.expire();
    this.release();
  }

  #updateActive(): void {
    const isActive = this.#holds > 0;
    // Within a burst it often goes to and fro; only the outcome counts.
    if (isActive === this.#isActive || this.#isDelivering || this.#isFlushScheduled || this.#isClosed) return;
    this.#isActive = isActive;
    this.port.setActive(isActive);
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    // During a delivery, ticks would run before the promises that the delivery settled. Waiting for those first sends
    // what they send in the same call.
    if (this.#isDelivering) queueMicrotask(() => process.nextTick(this.#flushScheduled));
    else process.nextTick(this.#flushScheduled);
  }

  readonly #flushScheduled = (): void => {
    this.#isFlushScheduled = false;
    this.#deadlines.forgetTime();
    this.flush();
    this.#updateActive();
  };

  #deliver(byteLength: number, large: readonly ArrayBuffer[] = []): void {
    this.#isDelivering = true;
    let nextLarge = 0;
    const view = this.#view;
    for (let offset = 0; offset < byteLength && !this.#isClosed; ) {
      const end = offset + view.getUint32(offset, true);
      const kind = view.getUint32(offset + 4, true);
      try {
        if (kind < RECORD_IS_LARGE) {
          this.#dispatch(kind, offset, view, this.#decoder, offset + RECORD_HEADER_BYTES, end);
        } else {
          // The buffer belongs to the receiver, so data values can be views of it.
          const bytes = new Uint8Array(large[nextLarge++] as ArrayBuffer);
          const decoder = new Decoder(bytes, { isReused: false });
          const body = new DataView(bytes.buffer);
          this.#dispatch(kind - RECORD_IS_LARGE, offset, body, decoder, 0, bytes.length);
        }
      } catch (error) {
        this.logger.error('a record could not be handled', { kind, error: errorText(error) });
      }
      offset = end;
    }
    this.#isDelivering = false;
    this.#deadlines.forgetTime();
    this.#updateActive();
  }

  /** `body` holds what is from `start` to `end`; the header is in the inbox at `offset`. */
  #dispatch(
    kind: number,
    offset: number,
    body: DataView,
    decoder: Decoder,
    start: number,
    end: number,
  ): void {
    const handle = this.#view.getUint32(offset + 8, true);
    const id = this.#view.getUint32(offset + 12, true);
    const receiver = this.#receivers.get(handle);
    if (receiver === undefined) {
      if (kind === Inbound.request) this.drop(id);
      else if (kind === Inbound.peer) this.port.cancel(id);
      return;
    }
    switch (kind) {
      case Inbound.message:
        receiver.onMessage(decoder, start, end);
        break;
      case Inbound.request:
        receiver.onRequest(id, decoder, start, end);
        break;
      case Inbound.reply:
        receiver.onReply(id, decoder, start, end);
        break;
      case Inbound.requestFailed: {
        const { failure, text } = readReason(body, start, end);
        receiver.onRequestFailed(id, failure, text);
        break;
      }
      case Inbound.event: {
        const { failure, text } = readReason(body, start, end);
        receiver.onEvent(id, failure, text);
        break;
      }
      case Inbound.peer:
      case Inbound.peerRefused:
        receiver.onPeer(kind === Inbound.peer ? id : 0, {
          pid: body.getInt32(start, true),
          euid: body.getInt32(start + 4, true),
          egid: body.getInt32(start + 8, true),
        });
        break;
      default:
        this.logger.warn('a record of an unknown kind was ignored', { kind, handle });
    }
  }
}
