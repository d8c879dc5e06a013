/** What a handler knows besides its request, and what it can tell its client before the reply. */
import type { XpcConnection, XpcRequest } from '../xpc/index.js';
import type { MessageRight } from './message-rights.js';
import type { ProgressReporter } from './progress-reporter.js';
import type { RouteSession } from './session.js';

/** What a handler knows besides its request. */
export interface RouteContext {
  readonly route: string;
  /** The client. */
  readonly session: RouteSession;
  readonly connection: XpcConnection;
  /**
   * Aborts when nobody waits for the reply any more: the peer went, or left off reading a stream. Never, for a one-way
   * message.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts when the process has been asked to end. What runs then may still finish, within the grace period; what
   * has no end of its own, such as a stream of events, should end now.
   */
  readonly terminating: AbortSignal;
  /** Whether the client waits for a reply. The result of the handler is dropped when it does not. */
  readonly isReplyExpected: boolean;
  /** Tells the client how far the work is, if it asked for that. */
  readonly progress: ProgressReporter;
  /**
   * Runs `work` when the reply has been sent, whatever it is, or cannot be sent any more: the moment to close the
   * descriptors in it. A failure of `work` is logged.
   */
  afterReply(work: () => void): void;
}

/** What a context is made of. */
export interface ContextSettings {
  readonly route: string;
  readonly session: RouteSession;
  /** Undefined for a one-way message. */
  readonly request: XpcRequest | undefined;
  /** What came beside the request. */
  readonly rights: readonly MessageRight[];
  readonly progress: ProgressReporter;
  readonly termination: AbortSignal;
}

/** The context of one handler. Signals are made when they are asked for, and are its own: nothing piles up on them. */
export class HandlerContext implements RouteContext {
  readonly route: string;
  readonly session: RouteSession;
  readonly #settings: ContextSettings;
  readonly #ended = new Set<() => void>();
  readonly #afterReply: (() => void)[] = [];
  #abort: AbortController | undefined;
  #terminating: AbortController | undefined;

  constructor(settings: ContextSettings) {
    this.route = settings.route;
    this.session = settings.session;
    this.#settings = settings;
  }

  get connection(): XpcConnection {
    return this.session.connection;
  }

  get isReplyExpected(): boolean {
    return this.#settings.request !== undefined;
  }

  get signal(): AbortSignal {
    this.#abort ??= this.#following(this.#settings.request?.signal);
    return this.#abort.signal;
  }

  get terminating(): AbortSignal {
    this.#terminating ??= this.#following(this.#settings.termination);
    return this.#terminating.signal;
  }

  get progress(): ProgressReporter {
    return this.#settings.progress;
  }

  /** What came beside the request. */
  get rights(): readonly MessageRight[] {
    return this.#settings.rights;
  }

  /** Aborts {@link signal}. */
  abort(reason: unknown): void {
    this.#abort ??= new AbortController();
    this.#abort.abort(reason);
  }

  afterReply(work: () => void): void {
    this.#afterReply.push(work);
  }

  /** The reply is sent, or will not be. Gives what {@link afterReply} was told, once. */
  replied(): (() => void)[] {
    return this.#afterReply.splice(0);
  }

  /** The handler has ended. */
  end(): void {
    for (const end of this.#ended) end();
  }

  #following(signal: AbortSignal | undefined): AbortController {
    const own = new AbortController();
    if (signal === undefined) return own;
    const onAbort = () => own.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#ended.add(() => signal.removeEventListener('abort', onAbort));
    return own;
  }
}
