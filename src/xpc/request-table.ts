/** Requests on their way, by the id that comes back with the reply. */
import { LaunchportError } from '../base/index.js';
import type { Dated } from './deadline-queue.js';
import type { XpcDictionary } from './value.js';

/** One request. It stays in the table until the binding is done with its id, though its caller may be long gone. */
export class PendingRequest implements Dated {
  /** The connection, by identity. */
  readonly owner: object;
  /** Milliseconds. */
  readonly timeout: number;
  readonly #service: string;
  readonly #resolve: (reply: XpcDictionary) => void;
  readonly #reject: (error: unknown) => void;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;
  id = 0;
  isSettled = false;
  dueAt = 0;
  lane: Dated['lane'] = undefined;
  previous: Dated | undefined = undefined;
  next: Dated | undefined = undefined;

  constructor(
    owner: object,
    service: string,
    timeout: number,
    resolve: (reply: XpcDictionary) => void,
    reject: (error: unknown) => void,
  ) {
    this.owner = owner;
    this.timeout = timeout;
    this.#service = service;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Calls `onAbort` when the signal aborts before the request is settled. */
  watch(signal: AbortSignal, onAbort: () => void): void {
    this.#signal = signal;
    this.#onAbort = onAbort;
    signal.addEventListener('abort', onAbort, { once: true });
  }

  /** Gives the caller the reply. */
  resolve(reply: XpcDictionary): void {
    this.#finish();
    this.#resolve(reply);
  }

  /** Tells the caller that there is none. */
  reject(error: unknown): void {
    this.#finish();
    this.#reject(error);
  }

  /** Tells the caller that the deadline passed. */
  expire(): void {
    const service = this.#service;
    this.reject(
      new LaunchportError('ERR_XPC_TIMEOUT', `${service} did not answer within ${this.timeout} ms`, {
        hint: 'The request may still be carried out. Give it more time, or look at what the service is doing.',
        details: { service, timeout: this.timeout },
      }),
    );
  }

  #finish(): void {
    this.isSettled = true;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/**
 * The table. Ids are indexes from 1; one is used again only when the binding is done with it, so a late reply can
 * never reach another request.
 */
export class RequestTable {
  readonly #requests: (PendingRequest | undefined)[] = [undefined];
  readonly #free: number[] = [];

  /** Gives the request an id. */
  add(request: PendingRequest): void {
    const id = this.#free.pop() ?? this.#requests.length;
    this.#requests[id] = request;
    request.id = id;
  }

  /** Takes the request with this id out, if it is one of `owner`'s. */
  take(id: number, owner: object): PendingRequest | undefined {
    const request = this.#requests[id];
    if (request === undefined || request.owner !== owner) return undefined;
    this.#requests[id] = undefined;
    this.#free.push(id);
    return request;
  }

  /** Takes out all requests of `owner`. */
  takeAll(owner: object): PendingRequest[] {
    const found = this.#requests.filter((request) => request?.owner === owner) as PendingRequest[];
    for (const request of found) this.take(request.id, owner);
    return found;
  }
}
