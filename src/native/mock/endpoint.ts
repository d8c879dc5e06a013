/** What a mock connection and a mock listener share, and what they need of their port. */
import { Event, Failure, type Handle, Inbound } from '../records.js';
import type { PeerCredentials } from '../targets.js';
import type { MockLimits } from './limits.js';
import type { ProcessState } from './process-state.js';
import { encodeReason } from './records.js';
import type { ListeningSocket, SocketEnd } from './socket.js';

/** The port, seen from a connection or listener of it. */
export interface EndpointHost {
  readonly limits: MockLimits;
  readonly process: ProcessState;
  /** Packs a record. May call into JavaScript, which may do anything, so state must be consistent before. */
  emit(kind: number, handle: Handle, id: number, body: Uint8Array): void;
  /** Asks for `pump` in the next turn. */
  schedule(endpoint: Endpoint): void;
  /** The handle is free. */
  remove(endpoint: Endpoint): void;
  lookUp(address: string): ListeningSocket | undefined;
  /** A handle that replies to the request `id`, which came over `end`. */
  openToken(connection: Handle, end: SocketEnd, id: number): Handle;
  /** Makes a peer out of an accepted end. It is active, and pumped once its listener has reported it. */
  addPeer(end: SocketEnd): Endpoint;
  count(what: 'received' | 'refused'): void;
}

/** A connection or a listener. */
export interface Endpoint {
  readonly handle: Handle;
  readonly isListener: boolean;
  activate(): void;
  cancel(): void;
  peer(): PeerCredentials;
  /** One turn's work: reads, connects, accepts, reports. */
  pump(): void;
  /** Lets go of everything without a word. */
  close(): void;
}

/** Reports a request that gets no reply. */
export function emitFailure(
  host: EndpointHost,
  handle: Handle,
  id: number,
  failure: number,
  text: string,
): void {
  host.emit(Inbound.requestFailed, handle, id, encodeReason(failure, text));
}

/** Reports the end of `endpoint`. */
export function emitFinal(host: EndpointHost, endpoint: Endpoint, text: string): void {
  host.remove(endpoint);
  host.emit(Inbound.event, endpoint.handle, Event.invalid, encodeReason(Failure.invalid, text));
}

/** Credentials before contact. */
export const UNKNOWN_PEER: PeerCredentials = { pid: -1, euid: -1, egid: -1 };
