/** What a mock connection and a mock listener share, and what they need of their port. */
import { Event, Failure, type Handle, Inbound } from '../records.js';
import type { PeerCredentials } from '../targets.js';
import type { MockLimits } from './limits.js';
import type { ProcessState } from './process-state.js';
import { encodeReason } from './records.js';
import type { MockRight } from './right.js';
import type { RightName } from './right-table.js';
import type { RightWord } from './serialization.js';
import type { ListeningSocket, SocketEnd } from './socket.js';

/** The port, seen from a connection or listener of it. */
export interface ChannelHost {
  readonly limits: MockLimits;
  readonly process: ProcessState;
  /**
   * Packs a record, and gives the process the rights that came with it. May call into JavaScript, which may do
   * anything, so state must be consistent before.
   */
  emit(kind: number, handle: Handle, id: number, body: Uint8Array, rights?: readonly MockRight[]): void;
  /** Asks for `pump` in the next turn. */
  schedule(channel: Channel): void;
  /** The handle is free. */
  remove(channel: Channel): void;
  lookUp(address: string): ListeningSocket | undefined;
  /** What a table of rights names, retained; undefined when it does not fit the words or names nothing. */
  hold(names: readonly RightName[], words: readonly RightWord[] | undefined): MockRight[] | undefined;
  /** A handle that replies to the request `id`, which came over `end`. */
  openToken(connection: Handle, end: SocketEnd, id: number): Handle;
  /** Makes a peer out of an accepted end. It is active, and pumped once its listener has reported it. */
  addPeer(end: SocketEnd, listener: Handle): Channel;
  peersOf(listener: Handle): Channel[];
  count(what: 'received' | 'refused'): void;
}

/** A connection or a listener. */
export interface Channel {
  readonly handle: Handle;
  activate(): void;
  cancel(): void;
  suspend(): void;
  /** @throws TypeError when it is not suspended */
  resume(): void;
  peer(): PeerCredentials;
  /** One turn's work: reads, connects, accepts, reports. */
  pump(): void;
  /** Lets go of everything without a word. */
  close(): void;
}

/** How often something was suspended and not resumed. */
export class Suspension {
  #count = 0;

  get isSuspended(): boolean {
    return this.#count > 0;
  }

  suspend(): void {
    this.#count += 1;
  }

  resume(): void {
    if (this.#count === 0) throw new TypeError('resume without suspend');
    this.#count -= 1;
  }
}

/** Reports a request that gets no reply. */
export function emitFailure(
  host: ChannelHost,
  handle: Handle,
  id: number,
  failure: number,
  text: string,
): void {
  host.emit(Inbound.requestFailed, handle, id, encodeReason(failure, text));
}

/** Reports an event, with a reason when there is one. */
export function emitEvent(
  host: ChannelHost,
  handle: Handle,
  event: number,
  failure: number = Failure.none,
  text = '',
): void {
  host.emit(Inbound.event, handle, event, encodeReason(failure, text));
}

/** Reports the end of `channel`. */
export function emitFinal(host: ChannelHost, channel: Channel, text: string): void {
  host.remove(channel);
  emitEvent(host, channel.handle, Event.invalid, Failure.invalid, text);
}

/** Credentials before contact. */
export const UNKNOWN_PEER: PeerCredentials = { pid: -1, euid: -1, egid: -1, asid: -1 };
