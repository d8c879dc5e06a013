/** What a channel is made of, and where what arrives over it goes. */
import type { LaunchportError } from '../base/index.js';
import type { Handle, PeerCredentials } from '../native/index.js';
import type { IncomingRights } from './incoming-rights.js';
import type { XpcDictionary } from './value.js';

/** What a channel is made of. */
export interface ChannelSettings {
  readonly handle: Handle;
  /** The Mach service; undefined for a connection made from an endpoint, and for a peer of an anonymous listener. */
  readonly name: string | undefined;
  /** What errors and log entries call the other end. */
  readonly service: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly maxPending: number;
  /** A peer's, known from the start; undefined for a client connection. */
  readonly credentials: PeerCredentials | undefined;
}

/** A request from the other side, as it arrives. */
export interface ArrivedRequest {
  readonly token: Handle;
  readonly message: XpcDictionary;
  /** Bytes of its serialization. */
  readonly byteLength: number;
  /** To be kept when somebody gets the message. */
  readonly rights: IncomingRights | undefined;
}

/** What becomes of what arrives. Throws are logged. */
export interface ChannelSink {
  /** Must answer with `reply`, or drop the token, exactly once. Absent: requests are dropped. */
  readonly request?: ((request: ArrivedRequest) => void) | undefined;
  readonly message?: ((message: XpcDictionary) => void) | undefined;
  readonly interrupted?: (() => void) | undefined;
  readonly terminationImminent?: (() => void) | undefined;
  /** Called when the state changes from open, before `closed`. */
  readonly ended?: (reason: LaunchportError) => void;
  readonly closed?: ((reason: LaunchportError) => void) | undefined;
}
