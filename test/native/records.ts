/** A port with its records written and read by hand, independent of the layers above. */
import {
  type Binding,
  Event,
  Inbound,
  Outbound,
  type Port,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
} from '../../src/native/index.js';
import { eventually } from './eventually.js';

/** One inbound record, its body copied. */
export interface Received {
  readonly kind: number;
  readonly handle: number;
  readonly id: number;
  readonly body: Uint8Array;
}

/** A serialized dictionary `{ key: data }`, with `size` zero bytes of data. */
export function dataMessage(size: number): Uint8Array {
  const words = [0x42133742, 5, 0xf000, 4 + 8 + 4 + size, 1, 0x0079656b, 0x8000, size];
  const bytes = new Uint8Array(4 * words.length + size);
  new Uint32Array(bytes.buffer, 0, words.length).set(words);
  return bytes;
}

/** The serialization of `{}`. */
export const EMPTY_MESSAGE = Uint8Array.of(
  0x42,
  0x37,
  0x13,
  0x42,
  5,
  0,
  0,
  0,
  0,
  0xf0,
  0,
  0,
  4,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
);

/** A port that keeps what it receives. Active, so that a test's waits end. */
export class RecordPort {
  readonly port: Port;
  readonly received: Received[] = [];
  /** Called for each record as it arrives. */
  onRecord: ((record: Received) => void) | undefined;
  #length = 0;

  constructor(binding: Binding) {
    this.port = binding.open((byteLength, large) => this.#deliver(byteLength, large ?? []));
    this.port.setActive(true);
  }

  /** Writes a record; `flush` sends it. */
  write(kind: number, handle: number, id: number, body: Uint8Array): void {
    const size = RECORD_HEADER_BYTES + body.length;
    new Uint32Array(this.port.outbox, this.#length, 4).set([size, kind, handle, id]);
    new Uint8Array(this.port.outbox, this.#length + RECORD_HEADER_BYTES).set(body);
    this.#length += size;
  }

  flush(): void {
    const length = this.#length;
    this.#length = 0;
    this.port.flush(length);
  }

  request(handle: number, id: number, body: Uint8Array = EMPTY_MESSAGE): void {
    this.write(Outbound.request, handle, id, body);
    this.flush();
  }

  /** The records of a kind, in order of arrival. */
  of(kind: number, handle?: number): Received[] {
    return this.received.filter((record) => {
      return record.kind === kind && (handle === undefined || record.handle === handle);
    });
  }

  /** Waits for the `count`-th record of a kind. */
  async next(kind: number, count = 1): Promise<Received> {
    await eventually(`record ${count} of kind ${kind}`, () => this.of(kind).length >= count);
    return this.of(kind)[count - 1] as Received;
  }

  /** Waits for the final event of a handle. */
  async final(handle: number): Promise<void> {
    await eventually(`final event of ${handle}`, () => {
      return this.of(Inbound.event, handle).some(({ id }) => id === Event.invalid);
    });
  }

  #deliver(byteLength: number, large: readonly ArrayBuffer[]): void {
    let nextLarge = 0;
    for (let at = 0; at < byteLength; ) {
      const [size = 0, kind = 0, handle = 0, id = 0] = new Uint32Array(this.port.inbox, at, 4);
      const isLarge = (kind & RECORD_IS_LARGE) !== 0;
      const body = isLarge
        ? new Uint8Array(large[nextLarge++] as ArrayBuffer)
        : new Uint8Array(this.port.inbox, at + RECORD_HEADER_BYTES, size - RECORD_HEADER_BYTES).slice();
      const record = { kind: (kind & ~RECORD_IS_LARGE) >>> 0, handle, id, body };
      this.received.push(record);
      this.onRecord?.(record);
      at += size;
    }
  }
}

/** The failure code of a reason. */
export function failureOf(record: Received): number {
  return new DataView(record.body.buffer, record.body.byteOffset).getUint32(0, true);
}
