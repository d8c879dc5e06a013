/** What a program gives to a connection and to a listener: its handlers and its options. */
import type { LaunchportError } from '../base/index.js';
import type { XpcConnection } from './connection.js';
import type { XpcDictionary, XpcMessage } from './value.js';

/** A request being handled. */
export interface XpcRequest {
  /** The connection it came over. */
  readonly connection: XpcConnection;
  /** Aborts when the other side goes away or the connection is cancelled: nobody waits for the reply any more. */
  readonly signal: AbortSignal;
}

/** What to do with what comes over a connection. None of them holds up the next message. */
export interface PeerHandlers {
  /**
   * Answers a request: the result is the reply. A throw, or a result that cannot be sent, is logged and drops the
   * request, which the other side sees as ERR_XPC_INTERRUPTED. Without this handler every request is dropped.
   */
  request?(message: XpcDictionary, request: XpcRequest): Promise<XpcMessage> | XpcMessage;
  /** Takes a one-way message. */
  message?(message: XpcDictionary): void;
  /** The service went away; the next send finds it again. Named client connections only. */
  interrupted?(): void;
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
   * Contact nobody before the first message or request: making the connection then starts no service. Default false,
   * and a missing service is told at once.
   */
  readonly isLazy?: boolean;
}

/** How to listen. */
export interface ListenOptions {
  /** Linux: listen on this descriptor, which is duplicated, instead of the one the supervisor gave for the name. */
  readonly descriptor?: number;
  /** Accept clients of any effective uid. Default: only of this process's own. */
  readonly allowAnyUser?: boolean;
  /** Most request handlers of this listener that run at once. Default 1024. */
  readonly maxConcurrent?: number;
  /** Most requests that wait for a handler; more are dropped and logged. Default 8192. */
  readonly maxWaiting?: number;
}

/** Defaults of {@link ConnectOptions} and {@link ListenOptions}. */
export const DEFAULTS = { timeout: 60_000, maxPending: 4096, maxConcurrent: 1024, maxWaiting: 8192 } as const;
