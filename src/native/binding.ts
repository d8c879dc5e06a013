/**
 * The contract between TypeScript and an implementation of XPC: the Darwin addon, the Linux addon, or the in-memory
 * mock. It is small on purpose. `records.ts` says what crosses it, `targets.ts` who talks to whom.
 */
import type { Handle } from './records.js';
import type { SupervisorPort, SupervisorSink } from './supervisor-port.js';
import type { ConnectTarget, ListenTarget, PeerCredentials } from './targets.js';

/** Something the system's XPC has, or has from some version on. */
export interface Capability {
  /** The C function, or a word for what is no function. */
  readonly name: string;
  /** First macOS version with it, such as `14.4`; empty for what is of Linux alone. */
  readonly since: string;
  readonly isAvailable: boolean;
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
  /** How often the event loop was entered to deliver what had come: once for a burst, not for each message. */
  readonly wakeUps: number;
  /** Peers refused by a requirement. */
  readonly peersRefused: number;
  /** Handles of endpoints and of shared memory that are not released. */
  readonly rights: number;
}

/**
 * Receives inbound records: the first `byteLength` bytes of {@link Port.inbox}. All must be consumed before it
 * returns, for the buffer is reused. Bodies too large for the inbox come in `large`, each its own buffer that the
 * receiver owns. The descriptors they name are the receiver's too, even if it closes the port meanwhile. Must not throw.
 */
export type Deliver = (byteLength: number, large?: readonly ArrayBuffer[]) => void;

/**
 * One environment's (thread's) end of the binding. No method blocks. Arguments of a wrong type, records that are not
 * whole or of an unknown kind, and targets that cannot be are TypeErrors. Handles and tokens that name nothing are
 * ignored, except that a request for one fails with `invalid`. On a closed port what makes something (`connect`,
 * `listen`, `endpoint`, `createMemory`, `memory`) throws an Error, and everything else but `closeDescriptor` does nothing.
 */
export interface Port {
  /** JavaScript writes records here and calls `flush`. */
  readonly outbox: ArrayBuffer;
  /** The binding writes records here and calls `deliver`. */
  readonly inbox: ArrayBuffer;

  /**
   * Creates an inactive client connection. Never fails because the service is missing: that is an event later.
   * Throws an Error with `code` ENOTSUP for a requirement that this system cannot check, EINVAL for a malformed one.
   */
  connect(target: ConnectTarget): Handle;
  /** Creates an inactive listener. Failure to check in arrives as its `invalid` event. Throws as `connect`. */
  listen(target: ListenTarget): Handle;
  /** Starts a connection or listener; a second call does nothing. */
  activate(handle: Handle): void;
  /**
   * Starts teardown: pending requests fail with `invalid`, then comes the final event. Idempotent. Messages that were
   * under way may still come before it.
   */
  cancel(handle: Handle): void;
  /**
   * Stops delivery and sending of a connection, or acceptance of a listener, until as many `resume` calls. What is sent
   * meanwhile is queued. `cancel` ends it too.
   */
  suspend(handle: Handle): void;
  /** Undoes one `suspend`. TypeError when there is none to undo, for XPC would end the process. */
  resume(handle: Handle): void;
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
  /**
   * Memory for the body of one `send`, 1 to {@link MAX_BODY_BYTES} bytes in no particular state: large bodies are sent
   * from where they were written, and their memory is used again. Only what was allocated last is good for that.
   */
  allocate(byteLength: number): ArrayBuffer;
  /**
   * Sends one record whose body does not fit the outbox, or is to go at once. `kind` is the record's word 1. Flush first
   * to keep the order. A body that begins where memory of {@link Port.allocate} does takes that memory with it: the buffer
   * is detached, so that nobody can change what is being sent. Any other is copied.
   */
  send(kind: number, handle: Handle, id: number, body: Uint8Array): void;
  /** Drops a request unanswered; the client gets `interrupted`. */
  drop(token: Handle): void;

  /** A new endpoint of a listener of this port. TypeError for what is no listener. One of a dead listener connects to nothing. */
  endpoint(listener: Handle): Handle;
  /** Makes zeroed memory that can be sent, of 1 to {@link MAX_MEMORY_BYTES} bytes. Throws an Error with `code` (ENOMEM, …). */
  createMemory(byteLength: number): Handle;
  /**
   * The bytes of a shared memory: the same buffer at each call, no copy. Other processes may change them at any time.
   * Throws an Error with `code` when it cannot be mapped, TypeError for what is no memory.
   */
  memory(memory: Handle): ArrayBuffer;
  /** Gives up an endpoint or a shared memory; the buffer of the memory is detached. What was sent of it lives on. */
  release(right: Handle): void;
  /**
   * Closes a descriptor that a message brought, on a closed port too: it has been the receiver's since it was delivered.
   * Others are ignored by the mock, and closed all the same elsewhere.
   */
  closeDescriptor(descriptor: number): void;

  /** Whether the process is busy: while it is, launchd does not stop it as idle (xpc_transaction_begin and _end). */
  setBusy(isBusy: boolean): void;
  /**
   * Tells the peers of this port's listeners that the process is about to end: each gets `terminationImminent`. For
   * Linux and the mock, where the process itself gets the signal; on Darwin libxpc does it and this does nothing.
   */
  announceTermination(): void;

  /** Whether the port keeps the event loop alive. A new port does not. */
  setActive(isActive: boolean): void;
  statistics(): PortStatistics;
  /** Cancels everything; nothing is delivered afterwards. Idempotent. */
  close(): void;
}

/** An implementation of XPC for one environment (one Node thread). */
export interface Binding {
  readonly version: number;
  readonly platform: 'darwin' | 'linux' | 'mock';
  /** What this system has of XPC's newer parts. Looks symbols up; nothing else happens. */
  capabilities(): readonly Capability[];
  /** Opens the message port. Several may be open. */
  open(deliver: Deliver): Port;
  /** Opens the process port; absent where the system has a launchd. */
  openSupervisor?(sink: SupervisorSink): SupervisorPort;
  /**
   * Opens a pseudo-terminal of the given size, in characters, 0 to 65535. Both descriptors are the caller's; the
   * controller does not block. Absent from the mock. Throws an Error with `code` (ENOSPC: there are no more terminals).
   */
  openTerminal?(size: { readonly columns: number; readonly rows: number }): TerminalPair;
  /**
   * Sets the size of a terminal, by its controller: its foreground processes get SIGWINCH when it is another than before.
   * TypeError for a size out of range; an Error with `code` for a descriptor that is no terminal. Absent from the mock.
   */
  resizeTerminal?(controller: number, columns: number, rows: number): void;
  /** Opens a pipe (pipe(2)), both ends blocking and the caller's. Absent from the mock. */
  openPipe?(): PipePair;
}

/** The descriptors of a pseudo-terminal. */
export interface TerminalPair {
  /** What is written to it has been typed, and what is shown can be read from it. */
  readonly controller: number;
  /** For the processes. */
  readonly terminal: number;
}

/** The descriptors of a pipe. */
export interface PipePair {
  readonly reader: number;
  readonly writer: number;
}
