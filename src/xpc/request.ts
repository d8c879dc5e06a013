/** Requests from the other side: running handlers for them, and answering each exactly once. */
import { LaunchportError } from '../base/index.js';
import type { Channel } from './channel.js';
import type { ArrivedRequest, ChannelSink } from './channel-parts.js';
import type { XpcConnection } from './connection.js';
import type { GateEntry, GatePeer, HandlerGate } from './handler-gate.js';
import type { PeerHandlers, XpcRequest } from './handlers.js';
import { isLogged } from './log-budget.js';
import type { XpcMessage } from './value.js';

/** What a channel does with what arrives, given a program's handlers. */
export function sinkFor(
  channel: Channel,
  connection: XpcConnection,
  handlers: PeerHandlers,
  gate: HandlerGate,
): ChannelSink {
  const peer: RequestPeer = {
    channel,
    connection,
    handlers,
    gate: gate.peer(),
    signals: new Set(),
    dropped: 0,
  };
  return {
    request: handlers.request && ((request) => peer.gate.enter(new IncomingRequest(peer, request))),
    message: handlers.message && ((message) => handlers.message?.(message)),
    interrupted: handlers.interrupted && (() => handlers.interrupted?.()),
    terminationImminent: handlers.terminationImminent && (() => handlers.terminationImminent?.()),
    ended: (reason) => {
      peer.gate.clear();
      for (const controller of peer.signals) controller.abort(reason);
    },
    closed: handlers.closed && ((reason) => handlers.closed?.(reason)),
  };
}

/** Where requests come from. */
interface RequestPeer {
  readonly channel: Channel;
  readonly connection: XpcConnection;
  readonly handlers: PeerHandlers;
  readonly gate: GatePeer;
  /** The controllers of all requests whose signal somebody asked for. */
  readonly signals: Set<AbortController>;
  /** Requests that found no room. */
  dropped: number;
}

/** One request, waiting or being handled. */
class IncomingRequest implements XpcRequest, GateEntry {
  readonly #peer: RequestPeer;
  readonly #arrived: ArrivedRequest;
  #controller: AbortController | undefined;
  #state: 'open' | 'replied' | 'dropped' = 'open';

  constructor(peer: RequestPeer, arrived: ArrivedRequest) {
    this.#peer = peer;
    this.#arrived = arrived;
    // It may wait longer than the delivery that brought it.
    arrived.rights?.keep();
  }

  get connection(): XpcConnection {
    return this.#peer.connection;
  }

  get byteLength(): number {
    return this.#arrived.byteLength;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#peer.channel.isOpen) this.#peer.signals.add(this.#controller);
      else this.#controller.abort(new LaunchportError('ERR_XPC_INVALID', 'the connection is closed'));
    }
    return this.#controller.signal;
  }

  reply(message: XpcMessage): void {
    if (this.#state !== 'open') throw this.#answered();
    this.#peer.channel.reply(this.#arrived.token, message);
    this.#state = 'replied';
  }

  run(): void {
    try {
      const result = this.#peer.handlers.request?.(this.#arrived.message, this);
      if (isThenable(result)) result.then(this.#answer, this.#fail);
      else this.#answer(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  refuse(): void {
    this.#drop();
    this.#arrived.rights?.close();
    const { channel } = this.#peer;
    if (!channel.isOpen) return;
    const dropped = ++this.#peer.dropped;
    if (!isLogged(dropped)) return;
    channel.log('a request was dropped', `too many requests wait for a handler; ${dropped} of this client`);
  }

  readonly #answer = (reply: XpcMessage | undefined): void => {
    if (this.#state === 'replied') {
      if (reply !== undefined) this.#peer.channel.log('a second reply was not sent', this.#answered());
      this.#end();
    } else if (reply === undefined) {
      this.#fail('it returned nothing');
    } else {
      this.#sendResult(reply);
    }
  };

  #sendResult(reply: XpcMessage): void {
    // Whoever asked is gone.
    if (this.#peer.channel.isOpen) {
      try {
        this.reply(reply);
      } catch (error) {
        this.#peer.channel.log('a request was dropped: its reply could not be sent', error);
      }
    }
    this.#end();
  }

  readonly #fail = (error: unknown): void => {
    const what =
      this.#state === 'replied'
        ? 'a handler failed after its reply'
        : 'a request was dropped: its handler failed';
    this.#peer.channel.log(what, error);
    this.#end();
  };

  #end(): void {
    if (this.#controller !== undefined) this.#peer.signals.delete(this.#controller);
    if (this.#state === 'open') this.#drop();
    this.#peer.gate.leave(this);
  }

  #drop(): void {
    this.#state = 'dropped';
    this.#peer.channel.drop(this.#arrived.token);
  }

  #answered(): LaunchportError {
    const { service } = this.#peer.channel.settings;
    return new LaunchportError(
      'ERR_XPC_ALREADY_REPLIED',
      `${service}: the request was ${this.#state} already`,
      {
        hint: 'Reply once: with request.reply() or by returning the reply, not both.',
        details: { service },
      },
    );
  }
}

function isThenable(
  value: XpcMessage | undefined | Promise<XpcMessage | undefined>,
): value is Promise<XpcMessage | undefined> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === 'function';
}
