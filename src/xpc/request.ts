/** Requests from the other side: running handlers for them, and answering each exactly once. */
import { LaunchportError } from '../base/index.js';
import type { Handle } from '../native/index.js';
import type { Channel, ChannelSink } from './channel.js';
import type { XpcConnection } from './connection.js';
import type { HandlerGate } from './handler-gate.js';
import type { PeerHandlers, XpcRequest } from './handlers.js';
import type { XpcDictionary, XpcMessage } from './value.js';

/** What a channel does with what arrives, given a program's handlers. */
export function sinkFor(
  channel: Channel,
  connection: XpcConnection,
  handlers: PeerHandlers,
  gate: HandlerGate,
): ChannelSink {
  const signals = new Set<AbortController>();
  return {
    request:
      handlers.request &&
      ((message, token) => {
        const request = new IncomingRequest(channel, connection, token, gate, signals);
        if (gate.enter(() => request.run(handlers, message))) return;
        channel.drop(token);
        channel.log('a request was dropped', 'too many requests wait for a handler');
      }),
    message: handlers.message && ((message) => handlers.message?.(message)),
    interrupted: handlers.interrupted && (() => handlers.interrupted?.()),
    ended: (reason) => {
      for (const controller of signals) controller.abort(reason);
    },
    closed: handlers.closed && ((reason) => handlers.closed?.(reason)),
  };
}

/** One request being handled. */
class IncomingRequest implements XpcRequest {
  readonly connection: XpcConnection;
  readonly #channel: Channel;
  readonly #token: Handle;
  readonly #gate: HandlerGate;
  /** The controllers of all requests of the connection whose signal somebody asked for. */
  readonly #signals: Set<AbortController>;
  #controller: AbortController | undefined;

  constructor(
    channel: Channel,
    connection: XpcConnection,
    token: Handle,
    gate: HandlerGate,
    signals: Set<AbortController>,
  ) {
    this.#channel = channel;
    this.connection = connection;
    this.#token = token;
    this.#gate = gate;
    this.#signals = signals;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#channel.isOpen) this.#signals.add(this.#controller);
      else this.#controller.abort(new LaunchportError('ERR_XPC_INVALID', 'the connection is closed'));
    }
    return this.#controller.signal;
  }

  /** Runs the handler and answers with its result. To be called from within the gate. */
  run(handlers: PeerHandlers, message: XpcDictionary): void {
    if (!this.#channel.isOpen) {
      this.#end(false);
      return;
    }
    try {
      const result = handlers.request?.(message, this) as XpcMessage | Promise<XpcMessage>;
      if (isThenable(result)) result.then(this.#answer, this.#fail);
      else this.#answer(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #answer = (reply: XpcMessage | undefined): void => {
    if (reply === undefined) this.#fail('it returned nothing');
    else this.#end(this.#channel.reply(this.#token, reply));
  };

  readonly #fail = (error: unknown): void => {
    this.#channel.log('a request was dropped: its handler failed', error);
    this.#end(false);
  };

  #end(isAnswered: boolean): void {
    if (this.#controller !== undefined) this.#signals.delete(this.#controller);
    if (!isAnswered) this.#channel.drop(this.#token);
    this.#gate.leave();
  }
}

function isThenable(value: XpcMessage | Promise<XpcMessage>): value is Promise<XpcMessage> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === 'function';
}
