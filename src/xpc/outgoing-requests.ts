/** The requests that one connection has on their way. */
import { abortedError, LaunchportError } from '../base/index.js';
import { type Handle, Outbound } from '../native/index.js';
import type { Engine } from './engine.js';
import { PendingRequest } from './request-table.js';
import type { XpcDictionary, XpcMessage } from './value.js';

/** The bounds of a request. */
export interface RequestBounds {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** The requests of one connection. */
export class OutgoingRequests {
  readonly #engine: Engine;
  readonly #handle: Handle;
  readonly #service: string;
  readonly #maxPending: number;
  #count = 0;

  constructor(engine: Engine, handle: Handle, service: string, maxPending: number) {
    this.#engine = engine;
    this.#handle = handle;
    this.#service = service;
    this.#maxPending = maxPending;
  }

  /** Sends a request that `resolve` or `reject` will be called for, later. Returns what it counts as for flow control. */
  send(
    message: XpcMessage,
    { timeout, signal }: RequestBounds,
    resolve: (reply: XpcDictionary) => void,
    reject: (error: unknown) => void,
  ): number {
    if (Number.isNaN(timeout)) throw new RangeError('timeout is not a number');
    if (signal?.aborted) throw this.#aborted(signal);
    if (this.#count >= this.#maxPending) throw this.#tooMany();
    const request = new PendingRequest(this, this.#service, timeout, resolve, reject);
    this.#engine.requests.add(request);
    let byteLength: number;
    try {
      byteLength = this.#engine.outbox.write(Outbound.request, this.#handle, request.id, message);
    } catch (error) {
      this.#engine.requests.take(request.id, this);
      throw error;
    }
    this.#count++;
    this.#engine.track(request);
    if (signal !== undefined) request.watch(signal, () => this.#reject(request, this.#aborted(signal)));
    return byteLength;
  }

  /**
   * Takes the reply to a request. It is decoded only when the caller still waits: one that timed out or was aborted
   * is gone. Returns the error of a reply that is malformed, which the caller got too.
   */
  replied(id: number, decode: () => XpcDictionary): unknown {
    const request = this.#take(id);
    if (request === undefined) return undefined;
    let reply: XpcDictionary;
    try {
      reply = decode();
    } catch (error) {
      this.#reject(request, error);
      return error;
    }
    this.#engine.untrack(request);
    request.resolve(reply);
    return undefined;
  }

  /** Fails a request that gets no reply. */
  failed(id: number, error: () => LaunchportError): void {
    const request = this.#take(id);
    if (request !== undefined) this.#reject(request, error());
  }

  /** Fails what is left when the connection is dead. */
  failAll(error: LaunchportError): void {
    if (this.#count === 0) return;
    this.#count = 0;
    for (const request of this.#engine.requests.takeAll(this)) {
      if (!request.isSettled) this.#reject(request, error);
    }
  }

  #take(id: number): PendingRequest | undefined {
    const request = this.#engine.requests.take(id, this);
    if (request === undefined) return undefined;
    this.#count--;
    return request.isSettled ? undefined : request;
  }

  #reject(request: PendingRequest, error: unknown): void {
    this.#engine.untrack(request);
    request.reject(error);
  }

  #aborted(signal: AbortSignal): LaunchportError {
    return abortedError(`a request to ${this.#service}`, signal);
  }

  #tooMany(): LaunchportError {
    const service = this.#service;
    const maxPending = this.#maxPending;
    return new LaunchportError(
      'ERR_XPC_QUEUE_FULL',
      `${service}: ${maxPending} requests wait for an answer`,
      {
        hint: 'Await replies before sending more, or raise maxPending.',
        details: { service, maxPending },
      },
    );
  }
}
