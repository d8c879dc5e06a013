/** Records of the binding contract: reading those of an outbox, packing those of an inbox. */
import type { Deliver } from '../binding.js';
import {
  CREDENTIALS_BYTES,
  type Handle,
  RECORD_HAS_RIGHTS,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
} from '../records.js';
import type { PeerCredentials } from '../targets.js';
import { assertKind, assertWord } from './arguments.js';
import { type Outgoing, readOutgoing } from './right-table.js';

/** A record taken out of an outbox. Its message is a view of the outbox. */
export interface OutboundRecord {
  readonly kind: number;
  readonly handle: Handle;
  readonly id: number;
  readonly message: Outgoing;
}

/**
 * The records in the first `byteLength` bytes of `outbox`.
 * @throws TypeError when they are not whole records of known kinds; a caller so sends all of them or none
 */
export function readRecords(outbox: ArrayBuffer, byteLength: number): OutboundRecord[] {
  if (assertWord(byteLength, 'byteLength') > outbox.byteLength) {
    throw new TypeError('byteLength is larger than the outbox');
  }
  const view = new DataView(outbox, 0, byteLength);
  const records: OutboundRecord[] = [];
  for (let offset = 0; offset < byteLength; ) {
    const room = byteLength - offset;
    const length = room < RECORD_HEADER_BYTES ? 0 : view.getUint32(offset, true);
    if (length < RECORD_HEADER_BYTES || length > room || length % 4 !== 0) {
      throw new TypeError(`broken record at byte ${offset} of the outbox`);
    }
    const kind = view.getUint32(offset + 4, true);
    const body = new Uint8Array(outbox, offset + RECORD_HEADER_BYTES, length - RECORD_HEADER_BYTES);
    const [handle, id] = [view.getUint32(offset + 8, true), view.getUint32(offset + 12, true)];
    records.push(readRecord(kind, handle, id, body));
    offset += length;
  }
  return records;
}

/** One record of a known kind. @throws TypeError when it is none, or its table of rights is none */
export function readRecord(word: number, handle: Handle, id: number, body: Uint8Array): OutboundRecord {
  const kind = (word & ~RECORD_HAS_RIGHTS) >>> 0;
  assertKind(kind);
  return { kind, handle, id, message: readOutgoing(body, kind !== word) };
}

/** Packs records into an inbox and delivers them, whenever it is full and at `flush`. */
export class RecordWriter {
  readonly inbox: ArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #deliver: Deliver;
  #offset = 0;
  #large: ArrayBuffer[] = [];

  constructor(byteLength: number, deliver: Deliver) {
    this.inbox = new ArrayBuffer(byteLength);
    this.#bytes = new Uint8Array(this.inbox);
    this.#view = new DataView(this.inbox);
    this.#deliver = deliver;
  }

  /** Makes room for a record with such a body, so that `write` will not call into JavaScript. */
  reserve(bodyBytes: number): void {
    if (this.#offset + this.#inlineBytes(bodyBytes) > this.inbox.byteLength) this.flush();
  }

  write(kind: number, handle: Handle, id: number, body: Uint8Array): void {
    this.reserve(body.byteLength);
    const length = this.#inlineBytes(body.byteLength);
    const padded = length - RECORD_HEADER_BYTES;
    const isLarge = padded < body.byteLength;
    this.#view.setUint32(this.#offset, length, true);
    this.#view.setUint32(this.#offset + 4, (isLarge ? kind | RECORD_IS_LARGE : kind) >>> 0, true);
    this.#view.setUint32(this.#offset + 8, handle, true);
    this.#view.setUint32(this.#offset + 12, id, true);
    if (isLarge) this.#large.push(new Uint8Array(body).buffer);
    else {
      const end = this.#offset + length;
      this.#bytes.fill(0, end - padded + body.byteLength, end);
      this.#bytes.set(body, this.#offset + RECORD_HEADER_BYTES);
    }
    this.#offset += length;
  }

  #inlineBytes(bodyBytes: number): number {
    const whole = RECORD_HEADER_BYTES + Math.ceil(bodyBytes / 4) * 4;
    return whole > this.inbox.byteLength ? RECORD_HEADER_BYTES : whole;
  }

  flush(): void {
    if (this.#offset === 0) return;
    const byteLength = this.#offset;
    const large = this.#large;
    this.#offset = 0;
    this.#large = [];
    if (large.length === 0) this.#deliver(byteLength);
    else this.#deliver(byteLength, large);
  }
}

/** Body of `requestFailed` and `event` records. */
export function encodeReason(failure: number, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const body = new Uint8Array(8 + Math.ceil(bytes.byteLength / 4) * 4);
  const view = new DataView(body.buffer);
  view.setUint32(0, failure, true);
  view.setUint32(4, bytes.byteLength, true);
  body.set(bytes, 8);
  return body;
}

/** Body of `peer` and `peerRefused` records. There is no audit session, and no token. */
export function encodeCredentials(credentials: PeerCredentials): Uint8Array {
  const { pid, euid, egid } = credentials;
  const words = new Uint32Array(CREDENTIALS_BYTES / 4).fill(0xffff_ffff);
  words.set([pid, euid, egid]);
  return new Uint8Array(words.buffer);
}
