/** A port whose records are written and read by hand, kept in order of arrival, and can be waited for. */
import { LaunchportError, withDeadline } from '../../src/base/index.js';
import {
  type Binding,
  type ConnectTarget,
  type Event,
  type Handle,
  type ListenTarget,
  Outbound,
  type Port,
  RECORD_HAS_RIGHTS,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
} from '../../src/native/index.js';
import { emptyBody } from './body.js';
import { type Of, parse, type Received, type ReceivedType, type RightEntry, withTable } from './received.js';

/** Milliseconds until a wait for a record fails. */
const TIMEOUT = 60_000;

/** A port under test. Active, so that a wait keeps the loop alive. */
export class TestPort {
  readonly port: Port;
  readonly received: Received[] = [];
  /** Called for each record as it arrives, inside the delivery. */
  onRecord: ((record: Received) => void) | undefined;
  /** Whether a call of the port is running; nothing may be delivered meanwhile. */
  isDeliveredInsideCall = false;
  #isInsideCall = false;
  #length = 0;
  #lastId = 0;
  #wake: (() => void)[] = [];

  constructor(binding: Binding) {
    this.port = binding.open((byteLength, large) => this.#deliver(byteLength, large ?? []));
    this.port.setActive(true);
  }

  connect(target: ConnectTarget): Handle {
    return this.call(() => this.port.connect(target));
  }

  /** An active connection. */
  dial(target: ConnectTarget): Handle {
    const handle = this.connect(target);
    this.call(() => this.port.activate(handle));
    return handle;
  }

  /** An active listener. */
  listen(target: ListenTarget): Handle {
    const handle = this.call(() => this.port.listen(target));
    this.call(() => this.port.activate(handle));
    return handle;
  }

  cancel(handle: Handle): void {
    this.call(() => this.port.cancel(handle));
  }

  suspend(handle: Handle): void {
    this.call(() => this.port.suspend(handle));
  }

  resume(handle: Handle): void {
    this.call(() => this.port.resume(handle));
  }

  /** With rights, the body is in Mach form. */
  message(handle: Handle, body: Uint8Array = emptyBody(), rights?: readonly RightEntry[]): void {
    this.#send(Outbound.message, handle, 0, body, rights);
  }

  /** The id of the request. */
  request(handle: Handle, body: Uint8Array = emptyBody(), rights?: readonly RightEntry[]): number {
    this.#lastId += 1;
    this.#send(Outbound.request, handle, this.#lastId, body, rights);
    return this.#lastId;
  }

  reply(request: Of<'request'>, body: Uint8Array = request.body, rights?: readonly RightEntry[]): void {
    this.#send(Outbound.reply, request.handle, request.token, body, rights);
  }

  /** Writes a record into the outbox; `flush` sends it. */
  write(kind: number, handle: Handle, id: number, body: Uint8Array): void {
    const size = RECORD_HEADER_BYTES + body.byteLength;
    if (this.#length + size > this.port.outbox.byteLength) this.flush();
    new Uint32Array(this.port.outbox, this.#length, 4).set([size, kind, handle, id]);
    new Uint8Array(this.port.outbox, this.#length + RECORD_HEADER_BYTES).set(body);
    this.#length += size;
  }

  flush(): void {
    const length = this.#length;
    this.#length = 0;
    this.call(() => this.port.flush(length));
    // The buffer is free again once flush returns: nothing may refer to it.
    new Uint8Array(this.port.outbox, 0, length).fill(0xee);
  }

  of<T extends ReceivedType>(type: T, handle?: Handle): Of<T>[] {
    return this.received.filter((record): record is Of<T> => {
      return record.type === type && (handle === undefined || record.handle === handle);
    });
  }

  /** Names of the events of a handle, in order. */
  events(handle: Handle): string[] {
    return this.of('event', handle).map(({ event }) => event);
  }

  /** The `count`-th record of a type, counted from 1. */
  async next<T extends ReceivedType>(type: T, count = 1): Promise<Of<T>> {
    await this.until(`${type} ${count}`, () => this.of(type).length >= count);
    return this.of(type)[count - 1] as Of<T>;
  }

  /** Waits for an event of a handle. */
  async event(handle: Handle, event: keyof typeof Event): Promise<void> {
    await this.until(`event ${event} of ${handle}`, () => this.events(handle).includes(event));
  }

  /** What became of a request. */
  async outcome(id: number): Promise<Of<'reply'> | Of<'failed'>> {
    const find = () => {
      return this.received.find((record) => {
        return (record.type === 'reply' || record.type === 'failed') && record.id === id;
      });
    };
    await this.until(`outcome of request ${id}`, () => find() !== undefined);
    return find() as Of<'reply'> | Of<'failed'>;
  }

  /** Waits until `condition` holds, looking after each delivery. */
  async until(what: string, condition: () => boolean, timeout = TIMEOUT): Promise<void> {
    const onTimeout = () => {
      const summary = this.received
        .slice(-10)
        .map((record) => JSON.stringify({ ...record, body: undefined }));
      return new LaunchportError('ERR_TIMEOUT', `waited for ${what}; last came ${summary.join(', ')}`);
    };
    await withDeadline(what, { timeout }, onTimeout, async (signal) => {
      while (!condition() && !signal.aborted) await new Promise<void>((wake) => this.#wake.push(wake));
    });
  }

  call<T>(work: () => T): T {
    this.#isInsideCall = true;
    try {
      return work();
    } finally {
      this.#isInsideCall = false;
    }
  }

  #send(
    plainKind: number,
    handle: Handle,
    id: number,
    content: Uint8Array,
    rights?: readonly RightEntry[],
  ): void {
    const kind = rights === undefined ? plainKind : plainKind | RECORD_HAS_RIGHTS;
    const body = rights === undefined ? content : withTable(rights, content);
    if (RECORD_HEADER_BYTES + body.byteLength > this.port.outbox.byteLength) {
      this.call(() => this.port.send(kind, handle, id, body));
    } else {
      this.write(kind, handle, id, body);
      this.flush();
    }
  }

  #deliver(byteLength: number, large: readonly ArrayBuffer[]): void {
    if (this.#isInsideCall) this.isDeliveredInsideCall = true;
    let nextLarge = 0;
    for (let at = 0; at < byteLength; ) {
      const [size = 0, word = 0, handle = 0, id = 0] = new Uint32Array(this.port.inbox, at, 4);
      const isLarge = (word & RECORD_IS_LARGE) !== 0;
      const body = isLarge
        ? new Uint8Array(large[nextLarge++] as ArrayBuffer)
        : new Uint8Array(this.port.inbox, at + RECORD_HEADER_BYTES, size - RECORD_HEADER_BYTES).slice();
      const record = parse((word & ~RECORD_IS_LARGE) >>> 0, handle, id, body);
      this.received.push(record);
      this.onRecord?.(record);
      at += size;
    }
    if (nextLarge !== large.length) throw new Error(`${large.length} large bodies for ${nextLarge} records`);
    for (const wake of this.#wake.splice(0)) wake();
  }
}
