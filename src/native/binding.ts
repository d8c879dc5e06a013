/**
 * The contract between TypeScript and an implementation of XPC: the Darwin addon, the Linux addon, or the
 * in-memory mock. It is small on purpose. Bytes cross it, never values: each message is one record in a shared
 * buffer, its body XPC's standalone serialization, many records per call.
 */

/** Version of this contract. A binding that reports another one is refused at load. */
export const BINDING_VERSION = 2;

/** Names one connection, listener, process or token within a port. Never 0, never reused while alive. */
export type Handle = number;

/**
 * Both buffers hold records, one after the other. A record is a header of four little-endian u32 words followed
 * by the body; all sizes are multiples of 4.
 *
 * | word | meaning |
 * |---|---|
 * | 0 | byte length of the record, header included |
 * | 1 | kind, one of {@link Outbound} or {@link Inbound} |
 * | 2 | handle of the connection (or listener) the record belongs to |
 * | 3 | id: what it means depends on the kind |
 */
export const RECORD_HEADER_BYTES = 16;

/** Set in word 1 of an inbound record whose body is not inline but the next buffer of `large`. */
export const RECORD_IS_LARGE = 0x8000_0000;

/**
 * Longest body of a message, in bytes: 64 MiB with room for the transports' own headers. A longer one is refused as `tooLarge`.
 * In the addon: `kMaxBodyBytes` of native/addon/records.h.
 */
export const MAX_BODY_BYTES = 64 * 1024 * 1024 - 4096;

/** Kinds of records that JavaScript writes to the outbox. */
export const Outbound = {
  /** One-way message; id unused (0). */
  message: 1,
  /** Request; id chosen by JavaScript, comes back with the reply. Unique among the port's pending requests. */
  request: 2,
  /**
   * Reply; id is the token that came with the request, which says where it goes. Consumes the token. A reply that
   * cannot be sent drops the request.
   */
  reply: 3,
} as const;

/** Kinds of records that the binding delivers. */
export const Inbound = {
  /** One-way message for `handle`. Body: serialization. */
  message: 1,
  /**
   * Request for `handle`; id is a reply token, to be answered once or dropped with {@link Port.drop}. The final
   * event of `handle` frees its tokens.
   */
  request: 2,
  /** Reply to the request `id`. Body: serialization. */
  reply: 3,
  /** The request `id` will get no reply. Body: reason. */
  requestFailed: 4,
  /** Something happened to the connection or listener `handle`; id is an {@link Event}. Body: reason. */
  event: 5,
  /** Listener `handle` accepted a peer; id is the peer's handle, already active. Body: credentials. */
  peer: 6,
  /** Listener `handle` refused a peer by its credentials; id is 0. Body: credentials. */
  peerRefused: 7,
} as const;

/**
 * Bodies that are not serializations.
 * - reason: u32 {@link Failure} code, u32 byte length of a UTF-8 text, the text zero-padded to 4 bytes.
 * - credentials: four u32 words: pid, effective uid, effective gid, 0.
 */
export const CREDENTIALS_BYTES = 16;

/** Why a request failed or an event happened. */
export const Failure = {
  none: 0,
  /** The service went away; a named client connection stays usable. XPC_ERROR_CONNECTION_INTERRUPTED. */
  interrupted: 1,
  /** The connection is dead for good. XPC_ERROR_CONNECTION_INVALID. */
  invalid: 2,
  /** The peer does not meet the requirement set on the connection. */
  peerRequirement: 3,
  /** The bounded send queue is full; the message was not queued. */
  queueFull: 4,
  /** The message is larger than the transport takes; it was not sent. */
  tooLarge: 5,
  /** The body was not a well-formed dictionary. */
  malformed: 6,
} as const;

/** What an `event` record tells. */
export const Event = {
  /** The service went away; the next send looks the name up again. Client connections by name only. */
  interrupted: 1,
  /** Final: nothing follows for this handle, and the handle is free. */
  invalid: 2,
  /** The process is asked to end; finish and cancel. */
  terminationImminent: 3,
  /** The send queue passed its high-water mark; wait for `drained` before sending more. */
  congested: 4,
  /** The send queue is below its low-water mark again. */
  drained: 5,
  /** A message was dropped: its body's reason says why. */
  dropped: 6,
  /** Everything sent before a {@link Port.barrier} has left the process, or was given up. */
  sent: 7,
} as const;

/** Who is at the other end, as the kernel says. Numbers are -1 while unknown. */
export interface PeerCredentials {
  readonly pid: number;
  readonly euid: number;
  readonly egid: number;
}

/** Where a client connection goes. */
export interface ConnectTarget {
  /** Mach service name. */
  readonly name: string;
  /**
   * Linux and mock: path of the service's socket, see `bootstrapPath` in `src/native/bootstrap.ts`. Darwin looks
   * the name up in the process's own bootstrap and refuses an address.
   */
  readonly address?: string;
  /** Darwin: look up in the system domain only (XPC_CONNECTION_MACH_SERVICE_PRIVILEGED). */
  readonly privileged?: boolean;
}

/** What a listener listens on. */
export interface ListenTarget {
  /** Mach service name. Checked in with launchd (Darwin) or taken from LISTEN_FDS (Linux, mock). */
  readonly name: string;
  /** Linux and mock: listen on this descriptor instead, which the binding duplicates. */
  readonly descriptor?: number;
  /** Accept peers of any effective uid. Default: only the process's own. */
  readonly allowAnyUser?: boolean;
}

/** Counters since the port was opened. For tests, `launchport doctor` and benchmarks. */
export interface PortStatistics {
  readonly connections: number;
  readonly listeners: number;
  /** Requests received and neither answered nor dropped. */
  readonly openTokens: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Calls into JavaScript. */
  readonly deliveries: number;
  /** Peers refused by credentials. */
  readonly peersRefused: number;
}

/**
 * Receives inbound records: the first `byteLength` bytes of {@link Port.inbox}. All must be consumed before it
 * returns, for the buffer is reused. Bodies too large for the inbox come in `large`, each its own buffer that the
 * receiver owns. Must not throw.
 */
export type Deliver = (byteLength: number, large?: readonly ArrayBuffer[]) => void;

/**
 * One environment's (thread's) end of the binding. No method blocks. Arguments of a wrong type, records that are not
 * whole or of an unknown kind, and targets that cannot be are TypeErrors. Handles and tokens that name nothing are
 * ignored, except that a request for one fails with `invalid`. On a closed port `connect` and `listen` throw an
 * Error, and everything else does nothing.
 */
export interface Port {
  /** JavaScript writes records here and calls `flush`. */
  readonly outbox: ArrayBuffer;
  /** The binding writes records here and calls `deliver`. */
  readonly inbox: ArrayBuffer;

  /** Creates an inactive client connection. Never fails because the service is missing: that is an event later. */
  connect(target: ConnectTarget): Handle;
  /** Creates an inactive listener. Failure to check in arrives as its `invalid` event. */
  listen(target: ListenTarget): Handle;
  /** Starts a connection or listener; a second call does nothing. */
  activate(handle: Handle): void;
  /** Starts teardown: pending requests fail with `invalid`, then comes the final event. Idempotent. */
  cancel(handle: Handle): void;
  /**
   * Asks for one `sent` event, when everything sent over the connection before this call is with the system
   * (xpc_connection_send_barrier). Calls are answered in their order, before the final event.
   */
  barrier(handle: Handle): void;
  /** Who is at the other end; all -1 for a dead handle or before contact. */
  peer(handle: Handle): PeerCredentials;

  /**
   * Sends the records in the first `byteLength` bytes of the outbox: all of them or, when it throws, none. Bytes are
   * copied or sent on return.
   */
  flush(byteLength: number): void;
  /** Sends one record whose body does not fit the outbox. Flush first to keep the order. */
  send(kind: number, handle: Handle, id: number, body: Uint8Array): void;
  /** Drops a request unanswered; the client gets `interrupted`. */
  drop(token: Handle): void;

  /** Whether the port keeps the event loop alive. A new port does not. */
  setActive(isActive: boolean): void;
  statistics(): PortStatistics;
  /** Cancels everything; nothing is delivered afterwards. Idempotent. */
  close(): void;
}

/** How to start a process. All paths absolute, all strings without NUL. */
export interface SpawnOptions {
  /** Executable file. */
  readonly file: string;
  /** argv, [0] included. */
  readonly args: readonly string[];
  /** The whole environment, `KEY=value`. LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES are added when there are listeners. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** Descriptors 0, 1, 2 of the process; duplicated. */
  readonly stdio: readonly [number, number, number];
  /** Listening descriptors, given to the process as 3, 4, … with these names. */
  readonly listeners: readonly { readonly name: string; readonly descriptor: number }[];
  /** File mode creation mask; inherited when absent. */
  readonly umask?: number;
  /** Nice value, -20…20; inherited when absent. */
  readonly nice?: number;
  /** Signal sent to the process when the spawning thread ends, 0 for none (PR_SET_PDEATHSIG). */
  readonly parentDeathSignal?: number;
}

/** A started process. */
export interface SpawnedProcess {
  /** Identifies the process to the binding, immune to pid reuse (a pidfd underneath). */
  readonly process: Handle;
  readonly pid: number;
}

/** What the supervisor binding reports. */
export interface SupervisorSink {
  /** A watched listener has a client waiting. The watch is off again: one report per `watch`. */
  demand(descriptor: number): void;
  /**
   * A process ended. `signal` is 0 for a normal exit. It is reaped when this returns, and only then is the handle
   * free: during the call `signal(process, n, true)` still reaches what remains of its process group, with no risk
   * of hitting a reused pid.
   */
  exit(process: Handle, exitCode: number, signal: number): void;
}

/**
 * What an embedded launchd needs from the system. Linux and mock only. Failures throw an Error with `code`
 * (`ENOENT`, …) and `syscall`, as Node's own.
 */
export interface SupervisorPort {
  /** Binds and listens on a SOCK_SEQPACKET socket at `path` (bound beside it, then renamed over it), mode 0600. */
  createListener(path: string, backlog: number): number;
  /** The pid of the last process that called listen() on it: the supervisor's, or that of a job which checked in. */
  listenerPid(descriptor: number): number;
  /** Reports the next waiting client, once. */
  watch(descriptor: number): void;
  unwatch(descriptor: number): void;
  /** True when a live process listens at `path`. */
  isListening(path: string): boolean;
  /** Takes an exclusive flock on `path` (created 0600, close-on-exec); -1 when another process has it. */
  lock(path: string): number;
  /** Starts a process with exactly the given descriptors, a session of its own and default signal handlers. */
  spawn(options: SpawnOptions): SpawnedProcess;
  /** Sends a signal to the process, or to its whole process group. False when it is gone. */
  signal(process: Handle, signal: number, isGroup: boolean): boolean;
  /** Closes a descriptor this port created. */
  closeDescriptor(descriptor: number): void;
  /** Whether the port keeps the event loop alive. A new port does not. */
  setActive(isActive: boolean): void;
  /** Stops watching; does not end processes. */
  close(): void;
}

/** An implementation of XPC for one environment (one Node thread). */
export interface Binding {
  readonly version: number;
  readonly platform: 'darwin' | 'linux' | 'mock';
  /** Opens the message port. Several may be open. */
  open(deliver: Deliver): Port;
  /** Opens the process port; absent where the system has a launchd. */
  openSupervisor?(sink: SupervisorSink): SupervisorPort;
}
