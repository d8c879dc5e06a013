/**
 * What crosses between TypeScript and an implementation of XPC: records in shared buffers, and the codes in them. Bytes
 * cross, never values: each message is one record, its body XPC's own serialization, many records per call.
 */

/** Version of this contract. A binding that reports another one is refused at load. */
export const BINDING_VERSION = 4;

/** Names one connection, listener, endpoint, shared memory, process or token within a port. Never 0, never reused while alive. */
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
 * Set in word 1 of a record, either way, whose message carries rights: descriptors, shared memory or endpoints. Its
 * body then begins with a table: u32 count, then for each right u32 {@link Right} and u32 value. The serialization that
 * follows is in Mach form ("CPX@"), where the type words fd, shmem and endpoint stand for the next right of the table.
 *
 * | right | value sent | value received |
 * |---|---|---|
 * | descriptor | a descriptor of the sender, duplicated during the call: it stays the sender's | a new one, close-on-exec: the receiver's to close, see `Port.closeDescriptor` |
 * | memory, endpoint | a handle of this port, which stays valid | a new handle of this port: the receiver's to release, see `Port.release` |
 *
 * A table that is cut, has none or more than {@link MAX_RIGHTS}, or one of another kind, makes the record none. A message
 * whose rights do not fit its words, or name nothing, fails as `malformed`. What was received for a message
 * that is not delivered is closed by the binding. The length of a `shmem` word is that of the memory.
 */
export const RECORD_HAS_RIGHTS = 0x4000_0000;

/** Kinds of rights in the table of a record. */
export const Right = { descriptor: 1, memory: 2, endpoint: 3 } as const;

/** Most rights of one message: as many descriptors as one packet carries on Linux (SCM_MAX_FD, unix(7)). */
export const MAX_RIGHTS = 253;

/** Most bytes of one shared memory. */
export const MAX_MEMORY_BYTES = 2 ** 32;

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
   * Request for `handle`; id is a reply token, to be answered once or dropped with `Port.drop`. The final
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
  /** Listener `handle` refused a peer; id is a {@link Refusal}. Body: credentials. */
  peerRefused: 7,
} as const;

/**
 * Bodies that are not serializations.
 * - reason: u32 {@link Failure} code, u32 byte length of a UTF-8 text, the text zero-padded to 4 bytes.
 * - credentials: twelve u32 words: pid, effective uid, effective gid, audit session, each all ones while unknown,
 *   then the eight words of the audit token, all ones where the system has none (Linux).
 */
export const CREDENTIALS_BYTES = 48;

/** What a refused peer did not meet of the listener's requirement. */
export const Refusal = { user: 1, group: 2, executable: 3, code: 4 } as const;

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
  /** Everything sent before a `Port.barrier` has left the process, or was given up. */
  sent: 7,
} as const;
