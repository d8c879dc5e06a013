/** Who talks to whom: where connections go, what listeners listen on, and what the other end must be. */
import type { Handle } from './records.js';

/** Who is at the other end, as the kernel says. Numbers are -1 while unknown. */
export interface PeerCredentials {
  readonly pid: number;
  readonly euid: number;
  readonly egid: number;
  /** Audit session; Darwin, -1 elsewhere. */
  readonly asid: number;
  /**
   * Darwin: the audit_token_t of the peer's last message, 32 bytes. It names one process for ever, as a pid does not.
   * Undefined elsewhere, and where the system does not tell it.
   */
  readonly auditToken?: Uint8Array | undefined;
}

/** What the code signature of a process must be. Darwin only; the system checks it. */
export type CodeRequirement =
  /** A requirement in the code signing requirement language. macOS 12.0. */
  | { readonly kind: 'requirement'; readonly text: string }
  /** Signed by this process's team, and with this signing identifier when given. macOS 14.4. */
  | { readonly kind: 'team'; readonly identifier?: string }
  /** Signed by Apple, and with this signing identifier when given. macOS 14.4. */
  | { readonly kind: 'platform'; readonly identifier?: string }
  /** Has the entitlement, with this value when given. macOS 14.4. */
  | { readonly kind: 'entitlement'; readonly name: string; readonly value?: string | boolean | bigint };

/**
 * Whom a connection or listener talks to. All that is given must hold. A peer that does not meet it is refused before
 * a byte of its messages is delivered.
 */
export interface PeerRequirement {
  /** Effective user ids. Default: the process's own; a client also takes a service of root. */
  readonly users?: readonly number[] | 'any';
  /** Effective group ids. Default: any. */
  readonly groups?: readonly number[];
  /**
   * Linux and mock: absolute paths, symbolic links resolved, one of which is the peer's executable. Says which program
   * a peer of the same user was started from, not what it has become since: a guard against mistakes, weaker than a
   * code signature.
   */
  readonly executables?: readonly string[];
  /** Darwin. */
  readonly code?: CodeRequirement;
}

/** Where a client connection goes: to a service by name, or to the listener of an endpoint. */
export type ConnectTarget = NamedTarget | EndpointTarget;

/** The listener behind an endpoint. Such a connection is never re-established: its end is `invalid`. */
export interface EndpointTarget {
  readonly endpoint: Handle;
  readonly requirement?: PeerRequirement;
}

/** A service by name. */
export interface NamedTarget {
  /** Mach service name. */
  readonly name: string;
  /**
   * Linux and mock: path of the service's socket, see `bootstrapPath` in `src/native/bootstrap.ts`. Darwin looks
   * the name up in the process's own bootstrap and refuses an address.
   */
  readonly address?: string;
  /** Darwin: look up in the system domain only (XPC_CONNECTION_MACH_SERVICE_PRIVILEGED). */
  readonly privileged?: boolean;
  /** What the service must be. */
  readonly requirement?: PeerRequirement;
}

/** What a listener listens on: the name of a service, or nothing but its endpoints. */
export type ListenTarget = NamedListenTarget | AnonymousListenTarget;

/** A listener without a name: who has one of its endpoints reaches it. */
export interface AnonymousListenTarget {
  readonly name?: undefined;
  /** What peers must be. */
  readonly requirement?: PeerRequirement;
}

/** A listener for a Mach service of this process. */
export interface NamedListenTarget {
  /** Mach service name. Checked in with launchd (Darwin) or taken from LISTEN_FDS (Linux, mock). */
  readonly name: string;
  /** Linux and mock: listen on this descriptor instead, which the binding duplicates. */
  readonly descriptor?: number;
  /** What peers must be. */
  readonly requirement?: PeerRequirement;
}
