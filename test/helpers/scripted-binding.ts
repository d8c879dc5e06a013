/** A binding that is all script, to deliver exactly the records that a test wants. */
import {
  BINDING_VERSION,
  type Binding,
  type Deliver,
  type Handle,
  type Port,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
} from '../../src/native/index.js';

/** A record to deliver. */
export interface ScriptedRecord {
  readonly kind: number;
  readonly handle: Handle;
  readonly id: number;
  readonly body?: Uint8Array;
  /** In a buffer of its own. */
  readonly isLarge?: boolean;
}

/** A binding that does nothing but note calls; a test delivers what it likes. */
export class ScriptedBinding implements Binding {
  readonly version = BINDING_VERSION;
  readonly platform: Binding['platform'];
  /** Every call that changes something, as text. */
  readonly calls: string[] = [];
  readonly #inbox = new ArrayBuffer(4096);
  #deliver: Deliver = () => {};
  #lastHandle = 0;

  constructor(platform: Binding['platform'] = 'mock') {
    this.platform = platform;
  }

  open(deliver: Deliver): Port {
    this.#deliver = deliver;
    const note = (call: string) => void this.calls.push(call);
    const make = (what: string) => {
      this.#lastHandle += 1;
      note(`${what} -> ${this.#lastHandle}`);
      return this.#lastHandle;
    };
    return {
      outbox: new ArrayBuffer(4096),
      inbox: this.#inbox,
      connect: (target) => make(`connect ${JSON.stringify(target)}`),
      listen: (target) => make(`listen ${JSON.stringify(target)}`),
      activate: (handle) => note(`activate ${handle}`),
      cancel: (handle) => note(`cancel ${handle}`),
      barrier: (handle) => note(`barrier ${handle}`),
      peer: () => ({ pid: -1, euid: -1, egid: -1 }),
      flush: (byteLength) => note(`flush ${byteLength}`),
      send: (kind, handle, id, body) => note(`send ${kind} ${handle} ${id} ${body.length}`),
      drop: (token) => note(`drop ${token}`),
      setActive: (isActive) => note(`setActive ${isActive}`),
      statistics: () => {
        throw new Error('not scripted');
      },
      close: () => note('close'),
    };
  }

  /** Delivers records in one call. Those marked large come in buffers of their own. */
  deliver(...records: readonly ScriptedRecord[]): void {
    const view = new DataView(this.#inbox);
    const large: ArrayBuffer[] = [];
    let at = 0;
    for (const { kind, handle, id, body = new Uint8Array(0), isLarge = false } of records) {
      const length = RECORD_HEADER_BYTES + (isLarge ? 0 : body.length);
      [length, isLarge ? kind + RECORD_IS_LARGE : kind, handle, id].forEach((word, i) => {
        view.setUint32(at + i * 4, word, true);
      });
      if (isLarge) large.push(Uint8Array.from(body).buffer);
      else new Uint8Array(this.#inbox).set(body, at + RECORD_HEADER_BYTES);
      at += length;
    }
    this.#deliver(at, large);
  }

  /** The calls since the last time. */
  take(): string[] {
    return this.calls.splice(0);
  }
}

/** Body of a `requestFailed` or `event` record. */
export function reason(failure: number, text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const body = Buffer.alloc(8 + Math.ceil(bytes.length / 4) * 4);
  body.writeUInt32LE(failure, 0);
  body.writeUInt32LE(bytes.length, 4);
  body.set(bytes, 8);
  return Uint8Array.from(body);
}
