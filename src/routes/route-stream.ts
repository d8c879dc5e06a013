/** The client's side of a stream: an anonymous listener that items come to, and the loop that reads them. */
import { abortedError, LaunchportError, MAX_TIMEOUT_MS, type WaitOptions } from '../base/index.js';
import type { PeerHandlers, XpcConnection, XpcDictionary, XpcListener, XpcTransport } from '../xpc/index.js';
import { releaseRights, rightsIn } from './message-rights.js';
import { DEFAULT_WINDOW, MAX_WINDOW, STREAM_COUNT_KEY, STREAM_CREDIT_KEY } from './wire-keys.js';

/** How a stream is read. */
export interface StreamOptions extends WaitOptions {
  /**
   * Milliseconds to wait for one item, or for the end; default the client's. `Infinity` for a stream that may be quiet:
   * the end of its server is noticed anyway.
   */
  readonly timeout?: number;
  /** Items that may be under way and not read yet, 1 to 4096; default 32. The server waits when there are so many. */
  readonly window?: number;
}

/** What a stream is made of. */
export interface StreamSource<Item, Reply> {
  readonly transport: XpcTransport;
  /** For messages: service and route. */
  readonly name: string;
  /** Sends the request with the endpoint of the listener; resolves to the reply, an error reply too. */
  readonly request: (listener: XpcListener, window: number, signal: AbortSignal) => Promise<XpcDictionary>;
  readonly decodeItem: (message: XpcDictionary) => Item;
  /** @throws the error of an error reply */
  readonly decodeReply: (message: XpcDictionary) => Reply;
}

/**
 * A stream that is being read: `for await` yields its items; of `next()` by hand the last result is the reply. Nothing is
 * sent before the first `next`. Leaving the loop, `return()`, and the signal end the server's generator. When the server
 * goes, the loop ends with ERR_XPC_INTERRUPTED, after the items that had come.
 */
export class RouteStream<Item, Reply> implements AsyncIterableIterator<Item, Reply | undefined, void> {
  readonly #source: StreamSource<Item, Reply>;
  readonly #timeout: number;
  readonly #signal: AbortSignal | undefined;
  readonly #window: number;
  readonly #stop = new AbortController();
  readonly #items: XpcDictionary[] = [];
  #listener: XpcListener | undefined;
  #peer: XpcConnection | undefined;
  #received = 0;
  #unacknowledged = 0;
  #reply: XpcDictionary | undefined;
  #failure: unknown;
  #state: 'new' | 'open' | 'ended' = 'new';
  #wake: (() => void) | undefined;
  /** The `next` calls, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** For `RouteClient.stream`. `timeout` is that of the client. @throws RangeError for a window that cannot be */
  constructor(source: StreamSource<Item, Reply>, options: StreamOptions, timeout: number) {
    const { window = DEFAULT_WINDOW } = options;
    if (!Number.isInteger(window) || window < 1 || window > MAX_WINDOW) {
      throw new RangeError(`window must be an integer from 1 to ${MAX_WINDOW}, not ${window}`);
    }
    this.#source = source;
    this.#window = window;
    this.#timeout = options.timeout ?? timeout;
    this.#signal = options.signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The next item, or at the end the reply.
   * @throws LaunchportError as `RouteClient.call`, once; then the stream has ended
   */
  next(): Promise<IteratorResult<Item, Reply | undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Leaves the stream: the server's generator ends. */
  async return(): Promise<IteratorResult<Item, Reply | undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  async #next(): Promise<IteratorResult<Item, Reply | undefined>> {
    try {
      if (this.#state === 'new') this.#start();
      while (this.#state === 'open') {
        const message = this.#items.shift();
        if (message !== undefined) {
          this.#acknowledge();
          return { done: false, value: this.#source.decodeItem(message) };
        }
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#reply !== undefined && !this.#isShort) {
          const value = this.#source.decodeReply(this.#reply);
          this.#end();
          return { done: true, value };
        }
        await this.#wait();
      }
      return { done: true, value: undefined };
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** The reply tells of more items than have come. */
  get #isShort(): boolean {
    const count = this.#reply?.[STREAM_COUNT_KEY];
    return typeof count === 'bigint' && this.#received < count;
  }

  #start(): void {
    if (this.#signal?.aborted) throw abortedError(this.#source.name, this.#signal);
    this.#state = 'open';
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#listener = this.#source.transport.listenAnonymous((peer) => this.#accept(peer));
    this.#source.request(this.#listener, this.#window, this.#stop.signal).then(
      (reply) => {
        this.#reply = reply;
        if (this.#peer?.isClosed === true && this.#isShort) this.#fail(this.#interrupted());
        this.#wake?.();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #accept(peer: XpcConnection): PeerHandlers | undefined {
    if (this.#peer !== undefined || this.#state !== 'open') return undefined;
    this.#peer = peer;
    return {
      message: (message) => this.#onItem(message),
      closed: () => {
        // Without the reply, which comes another way, nobody knows whether these were all.
        if (this.#reply !== undefined && this.#isShort) this.#fail(this.#interrupted());
      },
    };
  }

  #onItem(message: XpcDictionary): void {
    if (this.#state !== 'open') {
      releaseRights(rightsIn(message));
      return;
    }
    this.#received++;
    this.#items.push(message);
    if (this.#items.length > this.#window) {
      this.#fail(
        new LaunchportError(
          'ERR_ROUTE_REPLY',
          `${this.#source.name} sent more items than there was room for`,
        ),
      );
    }
    this.#wake?.();
  }

  /** Makes room known when half of it is free again, so that not every item costs a message. */
  #acknowledge(): void {
    this.#unacknowledged++;
    if (this.#unacknowledged * 2 < this.#window || this.#peer?.isClosed !== false) return;
    try {
      this.#peer.send({ [STREAM_CREDIT_KEY]: BigInt(this.#unacknowledged) });
      this.#unacknowledged = 0;
    } catch {
      // It has just gone, which is told elsewhere; or does not read, and gets it with the next.
    }
  }

  /** Resolves when something has come; fails the stream when nothing comes in time. */
  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const bound = Math.min(this.#timeout, MAX_TIMEOUT_MS);
      const timer = setTimeout(() => this.#fail(this.#late()), bound);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  readonly #onAbort = (): void => {
    this.#discard();
    this.#fail(abortedError(this.#source.name, this.#signal as AbortSignal));
  };

  /** The loop throws this, after the items that have come. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#disconnect();
    this.#wake?.();
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#disconnect();
    this.#discard();
    this.#wake?.();
  }

  #disconnect(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#stop.abort(new LaunchportError('ERR_XPC_CANCELLED', `${this.#source.name}: nobody reads any more`));
    this.#listener?.cancel();
    this.#peer?.cancel();
  }

  #discard(): void {
    releaseRights(this.#items.splice(0).flatMap((message) => rightsIn(message)));
  }

  #interrupted(): LaunchportError {
    return new LaunchportError('ERR_XPC_INTERRUPTED', `${this.#source.name}: the stream was interrupted`);
  }

  #late(): LaunchportError {
    return new LaunchportError(
      'ERR_XPC_TIMEOUT',
      `${this.#source.name}: no item within ${this.#timeout} ms`,
      {
        hint: 'Give a stream that may be quiet a longer timeout, or Infinity.',
      },
    );
  }
}
