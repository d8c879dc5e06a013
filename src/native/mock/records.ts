/** Records of the binding contract: reading those of an outbox, packing those of an inbox. */
import {
  type Deliver,
  type Handle,
  type PeerCredentials,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
} from '../binding.js';
import { assertKind, assertWord } from './arguments.js';

/** A record taken out of an outbox. `body` is a view of the outbox. */
export interface OutboundRecord {
  readonly kind: number;
  readonly handle: Handle;
  readonly id: number;
  readonly body: Uint8Array;
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
    assertKind(kind);
    records.push({
      kind,
      handle: view.getUint32(offset + 8, true),
      id: view.getUint32(offset + 12, true),
      body: new Uint8Array(outbox, offset + RECORD_HEADER_BYTES, length - RECORD_HEADER_BYTES),
    });
    offset += length;
  }
  return records;
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

  write(kind: number, handle: Handle, id: number, body: Uint8Array): void {
    const isLarge = RECORD_HEADER_BYTES + body.byteLength > this.inbox.byteLength;
    const padded = isLarge ? 0 : Math.ceil(body.byteLength / 4) * 4;
    const length = RECORD_HEADER_BYTES + padded;
    if (this.#offset + length > this.inbox.byteLength) this.flush();
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

/** Body of `peer` and `peerRefused` records. */
export function encodeCredentials(credentials: PeerCredentials): Uint8Array {
  const { pid, euid, egid } = credentials;
  return new Uint8Array(Uint32Array.of(pid, euid, egid, 0).buffer);
}

const BARE_MAGIC = 0x42133742;
const BARE_VERSION = 5;
const TYPE_DICTIONARY = 0xf000;

/** Whether bytes start as the bare serialization of a dictionary does. Its byte length binds no reader, nor Apple's. */
export function isDictionary(body: Uint8Array): boolean {
  if (body.byteLength < 20) return false;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return (
    view.getUint32(0, true) === BARE_MAGIC &&
    view.getUint32(4, true) === BARE_VERSION &&
    view.getUint32(8, true) === TYPE_DICTIONARY
  );
}
