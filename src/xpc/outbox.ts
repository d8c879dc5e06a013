/** Writes records into a port's outbox and hands them over in one call per burst. */
import { LaunchportError } from '../base/index.js';
import { type Handle, MAX_BODY_BYTES, RECORD_HAS_RIGHTS, RECORD_HEADER_BYTES } from '../native/index.js';
import { Encoder, HAS_RIGHTS } from './encoder.js';
import { measureMessage } from './measure.js';
import { MAX_TABLE_BYTES, OutgoingRights } from './outgoing-rights.js';
import type { RightOwner } from './right-owner.js';
import type { XpcMessage } from './value.js';

/** Room that messages with rights, which are mostly small, get before they are measured. */
const RIGHTS_BUFFER_BYTES = 8 * 1024;

/**
 * Bytes that a right counts as for flow control. A process may have few descriptors (256 on macOS unless it asks for
 * more), and each that waits to be sent is one of them.
 */
const RIGHT_COST = 64 * 1024;

/** The outbox of one port. */
export class Outbox {
  readonly #owner: RightOwner;
  readonly #onFirstRecord: () => void;
  readonly #encoder: Encoder;
  readonly #view: DataView;
  /** For messages with rights that fit it; empty until there is one. */
  #rightsBuffer = new ArrayBuffer(0);
  #at = 0;

  /** `onFirstRecord` is called when there is something to flush again. */
  constructor(owner: RightOwner, onFirstRecord: () => void) {
    const { outbox } = owner.port;
    this.#owner = owner;
    this.#onFirstRecord = onFirstRecord;
    this.#encoder = new Encoder(outbox, {}, 'stop');
    this.#view = new DataView(outbox);
  }

  /**
   * Adds a record. Returns what it counts as for flow control, in bytes. A message with rights is handed over at once,
   * behind those before it: the caller may then close what it sent.
   * @throws LaunchportError ERR_XPC_VALUE, ERR_XPC_STATE, ERR_XPC_LIMIT, ERR_XPC_MESSAGE_TOO_LARGE or ERR_UNSUPPORTED;
   * nothing is added then
   */
  write(kind: number, handle: Handle, id: number, message: XpcMessage): number {
    let start = this.#at;
    let end = this.#encoder.encode(message, start + RECORD_HEADER_BYTES);
    if (end < 0) {
      if (end === HAS_RIGHTS) return this.#sendWithRights(kind, handle, id, message);
      if (start > 0) {
        this.flush();
        start = 0;
        end = this.#encoder.encode(message, RECORD_HEADER_BYTES);
      }
      if (end === HAS_RIGHTS) return this.#sendWithRights(kind, handle, id, message);
      if (end < 0) return this.#sendAlone(kind, handle, id, message);
    }
    const view = this.#view;
    view.setUint32(start, end - start, true);
    view.setUint32(start + 4, kind, true);
    view.setUint32(start + 8, handle, true);
    view.setUint32(start + 12, id, true);
    this.#at = end;
    if (start === 0) this.#onFirstRecord();
    return end - start - RECORD_HEADER_BYTES;
  }

  /** Hands over what has been written. */
  flush(): void {
    const byteLength = this.#at;
    if (byteLength === 0) return;
    this.#at = 0;
    this.#owner.port.flush(byteLength);
  }

  #sendAlone(kind: number, handle: Handle, id: number, message: XpcMessage): number {
    const buffer = this.#owner.port.allocate(bodyBytes(message, MAX_BODY_BYTES));
    const end = new Encoder(buffer, {}, 'stop').encode(message, 0);
    // Found only behind what filled the outbox.
    if (end === HAS_RIGHTS) return this.#sendWithRights(kind, handle, id, message);
    this.#owner.port.send(kind, handle, id, new Uint8Array(buffer, 0, end));
    return end;
  }

  #sendWithRights(kind: number, handle: Handle, id: number, message: XpcMessage): number {
    if (this.#rightsBuffer.byteLength === 0) this.#rightsBuffer = new ArrayBuffer(RIGHTS_BUFFER_BYTES);
    let buffer = this.#rightsBuffer;
    let rights = new OutgoingRights(this.#owner);
    // The table goes in front, and is as long as there are rights.
    let end = new Encoder(buffer, {}, rights).encode(message, MAX_TABLE_BYTES);
    if (end < 0) {
      buffer = this.#owner.port.allocate(
        MAX_TABLE_BYTES + bodyBytes(message, MAX_BODY_BYTES - MAX_TABLE_BYTES),
      );
      rights = new OutgoingRights(this.#owner);
      end = new Encoder(buffer, {}, rights).encode(message, MAX_TABLE_BYTES);
    }
    const start = MAX_TABLE_BYTES - rights.byteLength;
    rights.write(new DataView(buffer), start);
    this.flush();
    this.#owner.port.send(kind + RECORD_HAS_RIGHTS, handle, id, new Uint8Array(buffer, start, end - start));
    return end - start + rights.count * RIGHT_COST;
  }
}

/** The exact length of a body. @throws LaunchportError as measuring does, and for more than `limit` */
function bodyBytes(message: XpcMessage, limit: number): number {
  const byteLength = measureMessage(message);
  if (byteLength <= limit) return byteLength;
  throw new LaunchportError('ERR_XPC_MESSAGE_TOO_LARGE', `a message of ${byteLength} bytes`, {
    hint: `Send at most ${limit} bytes at a time, or put them in a file or in shared memory.`,
    details: { byteLength, limit },
  });
}
