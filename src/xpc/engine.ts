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
  RECORD_HAS_RIGHTS,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
} from '../native/index.js';
import { CountedFlag } from './counted-flag.js';
import { readCredentials } from './credentials.js';
import { DeadlineQueue } from './deadline-queue.js';
import { Decoder } from './decoder.js';
import { readReason } from './failure.js';
import { IncomingRights } from './incoming-rights.js';
import { Outbox } from './outbox.js';
import { type PendingRequest, RequestTable } from './request-table.js';
import type { RightOwner } from './right-owner.js';

/** A connection or listener of the engine: what the records for its handle do. */
export interface Receiver {
  onMessage(decoder: Decoder, start: number, end: number): void;
  onRequest(token: Handle, decoder: Decoder, start: number, end: number): void;
  onReply(id: number, decoder: Decoder, start: number, end: number): void;
  onRequestFailed(id: number, failure: number, text: string): void;
  onEvent(event: number, failure: number, text: string): void;
  /** A client came. */
  onPeer(handle: Handle, credentials: PeerCredentials): void;
  /** A client came that does not meet the requirement; `refusal` says what of it. */
  onPeerRefused(refusal: number, credentials: PeerCredentials): void;
  /** The engine closes. */
  onShutdown(): void;
}

/** The engine of a transport. */
export class Engine implements RightOwner {
  readonly port: Port;
  readonly outbox: Outbox;
  readonly logger: Logger;
  readonly requests = new RequestTable();
  readonly #deadlines = new DeadlineQueue<PendingRequest>((request) => this.#expire(request));
  readonly #receivers = new Map<Handle, Receiver>();
  readonly #decoder: Decoder;
  readonly #view: DataView;
  readonly #holds = new CountedFlag((isActive) => this.port.setActive(isActive));
  readonly #transactions = new CountedFlag((isBusy) => this.port.setBusy(isBusy));
  #isDelivering = false;
  #isFlushScheduled = false;
  #isClosed = false;

  constructor(binding: Binding, logger: Logger) {
    this.logger = logger;
    this.port = binding.open((byteLength, large) => this.#deliver(byteLength, large));
    this.outbox = new Outbox(this, () => this.#scheduleFlush());
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
    this.#holds.add();
    this.#settleFlags();
  }

  release(): void {
    this.#holds.remove();
    this.#settleFlags();
  }

  /** Counts those for whom the process is busy, up or down. */
  setBusy(isBusy: boolean): void {
    if (isBusy) this.#transactions.add();
    else this.#transactions.remove();
    this.#settleFlags();
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
    this.#transactions.clear();
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

  #settleFlags(): void {
    // A burst settles them at its end, when the replies of what it ended have been handed over.
    if (this.#isDelivering || this.#isFlushScheduled || this.#isClosed) return;
    this.#holds.settle();
    this.#transactions.settle();
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
    this.#settleFlags();
  };

  #deliver(byteLength: number, large: readonly ArrayBuffer[] = []): void {
    this.#isDelivering = true;
    let nextLarge = 0;
    const view = this.#view;
    for (let offset = 0; offset < byteLength; ) {
      const end = offset + view.getUint32(offset, true);
      const kind = view.getUint32(offset + 4, true);
      try {
        if (kind < RECORD_HAS_RIGHTS) {
          this.#dispatch(kind, offset, view, this.#decoder, offset + RECORD_HEADER_BYTES, end);
        } else {
          const body = kind < RECORD_IS_LARGE ? undefined : large[nextLarge++];
          this.#dispatchRare(kind, offset, body, end);
        }
      } catch (error) {
        this.logger.error('a record could not be handled', { kind, error: errorText(error) });
      }
      offset = end;
    }
    this.#isDelivering = false;
    this.#deadlines.forgetTime();
    this.#settleFlags();
  }

  /** A record with rights, or with a body of its own. */
  #dispatchRare(flagged: number, offset: number, large: ArrayBuffer | undefined, end: number): void {
    const kind = flagged & ~(RECORD_IS_LARGE | RECORD_HAS_RIGHTS);
    // A buffer of its own belongs to the receiver, so data values can be views of it.
    const bytes = new Uint8Array(large ?? this.port.inbox);
    const body = large === undefined ? this.#view : new DataView(large);
    const start = large === undefined ? offset + RECORD_HEADER_BYTES : 0;
    const stop = large === undefined ? end : bytes.length;
    const isReused = large === undefined;
    if ((flagged & RECORD_HAS_RIGHTS) === 0) {
      this.#dispatch(kind, offset, body, new Decoder(bytes, { isReused }), start, stop);
      return;
    }
    const rights = new IncomingRights(this, body, start);
    try {
      this.#dispatch(kind, offset, body, new Decoder(bytes, { isReused }, rights), rights.end, stop);
    } finally {
      rights.closeUnlessKept();
    }
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
    // A handler before it may have closed the port.
    if (this.#isClosed) return;
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
        receiver.onPeer(id, readCredentials(body, start));
        break;
      case Inbound.peerRefused:
        receiver.onPeerRefused(id, readCredentials(body, start));
        break;
      default:
        this.logger.warn('a record of an unknown kind was ignored', { kind, handle });
    }
  }
}
