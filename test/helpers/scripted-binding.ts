/** A binding that is all script, to deliver exactly the records that a test wants. */
import {
  BINDING_VERSION,
  type Binding,
  type Capability,
  CREDENTIALS_BYTES,
  type Deliver,
  type Handle,
  type Port,
  RECORD_HAS_RIGHTS,
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
  /** Kind and value of each right; the body is in Mach form then. */
  readonly rights?: readonly (readonly [right: number, value: number])[];
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

  capabilities(): readonly Capability[] {
    return [{ name: 'scripts', since: '', isAvailable: true }];
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
      suspend: (handle) => note(`suspend ${handle}`),
      resume: (handle) => note(`resume ${handle}`),
      peer: () => ({ pid: -1, euid: -1, egid: -1, asid: -1 }),
      flush: (byteLength) => note(`flush ${byteLength}`),
      allocate: (byteLength) => new ArrayBuffer(byteLength),
      send: (kind, handle, id, body) => note(`send ${kind} ${handle} ${id} ${body.length}`),
      drop: (token) => note(`drop ${token}`),
      endpoint: (listener) => make(`endpoint ${listener}`),
      createMemory: (byteLength) => make(`createMemory ${byteLength}`),
      memory: (memory) => {
        note(`memory ${memory}`);
        return new ArrayBuffer(8);
      },
      release: (right) => note(`release ${right}`),
      closeDescriptor: (descriptor) => note(`closeDescriptor ${descriptor}`),
      setBusy: (isBusy) => note(`setBusy ${isBusy}`),
      announceTermination: () => note('announceTermination'),
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
    for (const { kind, handle, id, body: bytes = new Uint8Array(0), isLarge = false, rights } of records) {
      const body = rights === undefined ? bytes : Uint8Array.from([...tableOf(rights), ...bytes]);
      const length = RECORD_HEADER_BYTES + (isLarge ? 0 : body.length);
      const flags = (isLarge ? RECORD_IS_LARGE : 0) + (rights === undefined ? 0 : RECORD_HAS_RIGHTS);
      [length, kind + flags, handle, id].forEach((word, i) => {
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

function tableOf(rights: readonly (readonly [number, number])[]): Uint8Array {
  return new Uint8Array(Uint32Array.from([rights.length, ...rights.flat()]).buffer);
}

/** Body of a `peer` or `peerRefused` record: pid 77, euid 88, egid 99, and the rest unknown unless it is given. */
export function credentials(asid = -1, token?: Uint8Array): Uint8Array {
  const body = new Uint8Array(CREDENTIALS_BYTES).fill(0xff);
  body.set(new Uint8Array(Int32Array.of(77, 88, 99, asid).buffer));
  if (token !== undefined) body.set(token, 16);
  return body;
}
