/** What a program gives to a connection and to a listener: its handlers and its options. */
import type { LaunchportError } from '../base/index.js';
import type { PeerRequirement } from '../native/index.js';
import type { XpcConnection } from './connection.js';
import type { XpcDictionary, XpcMessage } from './value.js';

/** A request being handled. */
export interface XpcRequest {
  /** The connection it came over. */
  readonly connection: XpcConnection;
  /** Aborts when the other side goes away or the connection is cancelled: nobody waits for the reply any more. */
  readonly signal: AbortSignal;
  /**
   * Replies now, before the handler is done; what the handler returns afterwards is to be nothing.
   * @throws LaunchportError ERR_XPC_ALREADY_REPLIED when it was replied to or dropped, ERR_XPC_INVALID when the
   * connection is closed, and what {@link XpcConnection.send} throws for what cannot be sent, which leaves it open
   */
  reply(message: XpcMessage): void;
}

/** What to do with what comes over a connection. None of them holds up the next message. */
export interface PeerHandlers {
  /**
   * Answers a request: the result is the reply, unless `request.reply` gave it before. A throw, or a result that cannot
   * be sent, is logged and drops the request, which the other side sees as ERR_XPC_INTERRUPTED. Without this handler
   * every request is dropped. Descriptors, endpoints and shared memory in the message are the handler's to close.
   */
  request?(
    message: XpcDictionary,
    request: XpcRequest,
  ): Promise<XpcMessage | undefined> | XpcMessage | undefined;
  /** Takes a one-way message, with what was said about the rights in it. */
  message?(message: XpcDictionary): void;
  /**
   * The service went away; the next send finds it again, or another process that took its place. What the service knew
   * of this client is gone: tell it anew. Client connections by name only.
   */
  interrupted?(): void;
  /**
   * This process, a service, is about to be ended: finish what this client asked for, and cancel. Connections that a
   * listener accepted only. Nothing keeps the process from ending without this.
   */
  terminationImminent?(): void;
  /** The connection ended: ERR_XPC_CANCELLED when this side did it, else ERR_XPC_INVALID. Exactly once, and last. */
  closed?(reason: LaunchportError): void;
}

/** Decides about a client; undefined, or a throw, refuses it. */
export type AcceptPeer = (peer: XpcConnection) => PeerHandlers | undefined;

/** How to connect. */
export interface ConnectOptions {
  /** Linux: the bootstrap directory to look the name up in. Default: that of the process, see `bootstrapDirectory`. */
  readonly bootstrap?: string | undefined;
  /** Milliseconds until a request without a timeout of its own fails. Default 60 000. */
  readonly timeout?: number;
  /** Most requests without an answer, those that timed out included. Default 4096. */
  readonly maxPending?: number;
  /** Darwin: look the name up in the system domain only. */
  readonly privileged?: boolean;
  readonly handlers?: PeerHandlers;
  /**
   * What the service must be. Requests to another fail with ERR_XPC_PEER_REFUSED. Default: a process of this user or
   * of root.
   */
  readonly requirement?: PeerRequirement | undefined;
  /**
   * Contact nobody before the first message or request: making the connection then starts no service. Default false,
   * and a missing service is told at once.
   */
  readonly isLazy?: boolean;
}

/** How to listen. */
export interface ListenOptions {
  /** Linux: listen on this descriptor, which is duplicated, instead of the one the supervisor gave for the name. */
  readonly descriptor?: number;
  /**
   * What clients must be; others are refused before a byte of theirs is read, and logged. Default: processes of this
   * user. `{ users: 'any' }` accepts all.
   */
  readonly requirement?: PeerRequirement | undefined;
  /** Most request handlers that run at once, of all clients. Default 1024. */
  readonly maxConcurrent?: number;
  /** Most request handlers that run at once for one client. Default 256. */
  readonly maxConcurrentPerPeer?: number;
  /**
   * Most bytes of the requests whose handlers run, of all clients; one client gets a quarter. Default 256 MiB. A request
   * that is larger runs when nothing else does.
   */
  readonly maxRunningBytes?: number;
  /**
   * Most requests that wait for a handler. Default 8192. Clients take turns. When there is no room left, the newest
   * request of the client with most waiting is dropped and logged; that client sees ERR_XPC_INTERRUPTED.
   */
  readonly maxWaiting?: number;
  /** Most bytes of the requests that wait, with the same rule. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
}

/** Defaults of {@link ConnectOptions} and {@link ListenOptions}. */
export const DEFAULTS = {
  timeout: 60_000,
  maxPending: 4096,
  maxConcurrent: 1024,
  maxConcurrentPerPeer: 256,
  maxRunningBytes: 256 * 1024 * 1024,
  maxWaiting: 8192,
  maxWaitingBytes: 64 * 1024 * 1024,
} as const;
