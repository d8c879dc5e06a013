/** Writes records into a port's outbox and hands them over in one call per burst. */
import { LaunchportError } from '../base/index.js';
import { type Handle, MAX_BODY_BYTES, type Port, RECORD_HEADER_BYTES } from '../native/index.js';
import { Encoder } from './encoder.js';
import { measureMessage } from './measure.js';
import type { XpcMessage } from './value.js';

/** Largest buffer kept for messages that do not fit the outbox: fresh memory costs more than filling it. */
const MAX_SPARE_BYTES = 4 * 1024 * 1024;

/** The outbox of one port. */
export class Outbox {
  readonly #port: Port;
  readonly #onFirstRecord: () => void;
  readonly #encoder: Encoder;
  readonly #view: DataView;
  #spare = new ArrayBuffer(0);
  #at = 0;

  /** `onFirstRecord` is called when there is something to flush again. */
  constructor(port: Port, onFirstRecord: () => void) {
    this.#port = port;
    this.#onFirstRecord = onFirstRecord;
    this.#encoder = new Encoder(port.outbox);
    this.#view = new DataView(port.outbox);
  }

  /**
   * Adds a record. Returns the byte length of its body.
   * @throws LaunchportError ERR_XPC_VALUE, ERR_XPC_LIMIT, ERR_XPC_MESSAGE_TOO_LARGE or ERR_UNSUPPORTED; nothing is
   * added then
   */
  write(kind: number, handle: Handle, id: number, message: XpcMessage): number {
    let start = this.#at;
    let end = this.#encoder.encode(message, start + RECORD_HEADER_BYTES);
    if (end < 0) {
      if (start > 0) {
        this.flush();
        start = 0;
        end = this.#encoder.encode(message, RECORD_HEADER_BYTES);
      }
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
    this.#port.flush(byteLength);
  }

  #sendAlone(kind: number, handle: Handle, id: number, message: XpcMessage): number {
    const byteLength = measureMessage(message);
    if (byteLength > MAX_BODY_BYTES) {
      throw new LaunchportError('ERR_XPC_MESSAGE_TOO_LARGE', `a message of ${byteLength} bytes`, {
        hint: `Send at most ${MAX_BODY_BYTES} bytes at a time, or put them in a file.`,
        details: { byteLength, limit: MAX_BODY_BYTES },
      });
    }
    const buffer = this.#buffer(byteLength);
    const end = new Encoder(buffer).encode(message, 0);
    this.#port.send(kind, handle, id, new Uint8Array(buffer, 0, end));
    return end;
  }

  #buffer(byteLength: number): ArrayBuffer {
    if (byteLength <= this.#spare.byteLength) return this.#spare;
    if (byteLength > MAX_SPARE_BYTES) return new ArrayBuffer(byteLength);
    this.#spare = new ArrayBuffer(2 ** Math.ceil(Math.log2(byteLength)));
    return this.#spare;
  }
}
