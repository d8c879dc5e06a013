/** A port whose records are written and read by hand, kept in order of arrival, and can be waited for. */
import { LaunchportError, withDeadline } from '../../src/base/index.js';
import {
  type Binding,
  type ConnectTarget,
  CREDENTIALS_BYTES,
  Event,
  Failure,
  type Handle,
  Inbound,
  type ListenTarget,
  Outbound,
  type PeerCredentials,
  type Port,
  RECORD_HAS_RIGHTS,
  RECORD_HEADER_BYTES,
  RECORD_IS_LARGE,
  Refusal,
  Right,
} from '../../src/native/index.js';
import { emptyBody } from './body.js';

/** Milliseconds until a wait for a record fails. */
const TIMEOUT = 15_000;

/** A right in a record's table: what it is, and the descriptor or handle. */
export interface RightEntry {
  readonly kind: keyof typeof Right;
  readonly value: number;
}

/** What a message brought: its serialization, and the rights beside it when it was marked as having some. */
export interface Content {
  readonly body: Uint8Array;
  readonly rights?: readonly RightEntry[];
}

/** One inbound record. Codes are given by name. */
export type Received =
  | ({ readonly type: 'message'; readonly handle: Handle } & Content)
  | ({ readonly type: 'request'; readonly handle: Handle; readonly token: Handle } & Content)
  | ({ readonly type: 'reply'; readonly handle: Handle; readonly id: number } & Content)
  | { readonly type: 'failed'; readonly handle: Handle; readonly id: number; readonly failure: string }
  | { readonly type: 'event'; readonly handle: Handle; readonly event: string; readonly failure: string }
  | {
      readonly type: 'peer';
      readonly handle: Handle;
      readonly peer: Handle;
      readonly credentials: PeerCredentials;
    }
  | {
      readonly type: 'refused';
      readonly handle: Handle;
      readonly refusal: string;
      readonly credentials: PeerCredentials;
    };

type ReceivedType = Received['type'];
type Of<T extends ReceivedType> = Extract<Received, { type: T }>;

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

  message(handle: Handle, body: Uint8Array = emptyBody()): void {
    this.#send(Outbound.message, handle, 0, body);
  }

  /** The id of the request. */
  request(handle: Handle, body: Uint8Array = emptyBody()): number {
    this.#lastId += 1;
    this.#send(Outbound.request, handle, this.#lastId, body);
    return this.#lastId;
  }

  reply(request: Of<'request'>, body: Uint8Array = request.body): void {
    this.#send(Outbound.reply, request.handle, request.token, body);
  }

  /** Sends a message whose body is in Mach form, with these rights. */
  messageWith(handle: Handle, rights: readonly RightEntry[], body: Uint8Array): void {
    this.#send(Outbound.message | RECORD_HAS_RIGHTS, handle, 0, withTable(rights, body));
  }

  /** The id of a request with rights. */
  requestWith(handle: Handle, rights: readonly RightEntry[], body: Uint8Array): number {
    this.#lastId += 1;
    this.#send(Outbound.request | RECORD_HAS_RIGHTS, handle, this.#lastId, withTable(rights, body));
    return this.#lastId;
  }

  replyWith(request: Of<'request'>, rights: readonly RightEntry[], body: Uint8Array): void {
    this.#send(Outbound.reply | RECORD_HAS_RIGHTS, request.handle, request.token, withTable(rights, body));
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
  async until(what: string, condition: () => boolean): Promise<void> {
    const onTimeout = () => {
      const summary = this.received
        .slice(-10)
        .map((record) => JSON.stringify({ ...record, body: undefined }));
      return new LaunchportError('ERR_TIMEOUT', `waited for ${what}; last came ${summary.join(', ')}`);
    };
    await withDeadline(what, { timeout: TIMEOUT }, onTimeout, async (signal) => {
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

  #send(kind: number, handle: Handle, id: number, body: Uint8Array): void {
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

/** A body with its table of rights in front. */
export function withTable(rights: readonly RightEntry[], body: Uint8Array): Uint8Array {
  const table = Uint32Array.of(rights.length, ...rights.flatMap(({ kind, value }) => [Right[kind], value]));
  return Buffer.concat([new Uint8Array(table.buffer), body]);
}

function parse(word: number, handle: Handle, id: number, bytes: Uint8Array): Received {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hasRights = (word & RECORD_HAS_RIGHTS) !== 0;
  const content: Content = hasRights ? withoutTable(view) : { body: bytes };
  const kind = word & ~RECORD_HAS_RIGHTS;
  if (hasRights && kind > Inbound.reply) throw new Error(`rights beside a record of kind ${kind}`);
  switch (kind) {
    case Inbound.message:
      return { type: 'message', handle, ...content };
    case Inbound.request:
      return { type: 'request', handle, token: id, ...content };
    case Inbound.reply:
      return { type: 'reply', handle, id, ...content };
    case Inbound.requestFailed:
      return { type: 'failed', handle, id, failure: reasonOf(view) };
    case Inbound.event:
      return { type: 'event', handle, event: nameOf(Event, id), failure: reasonOf(view) };
    case Inbound.peer:
      return { type: 'peer', handle, peer: id, credentials: credentialsOf(view) };
    case Inbound.peerRefused:
      return { type: 'refused', handle, refusal: nameOf(Refusal, id), credentials: credentialsOf(view) };
    default:
      throw new Error(`a record of unknown kind ${kind}`);
  }
}

function reasonOf(view: DataView): string {
  const textLength = view.getUint32(4, true);
  if (view.byteLength !== 8 + Math.ceil(textLength / 4) * 4) throw new Error('a reason of a wrong length');
  return nameOf(Failure, view.getUint32(0, true));
}

function withoutTable(view: DataView): Content {
  const count = view.getUint32(0, true);
  if (count === 0) throw new Error('a table without rights');
  const rights = Array.from({ length: count }, (_, index): RightEntry => {
    const at = 4 + 8 * index;
    return { kind: nameOf(Right, view.getUint32(at, true)), value: view.getUint32(at + 4, true) };
  });
  const start = 4 + 8 * count;
  return { body: new Uint8Array(view.buffer, view.byteOffset + start, view.byteLength - start), rights };
}

function credentialsOf(view: DataView): PeerCredentials {
  if (view.byteLength !== CREDENTIALS_BYTES) throw new Error('credentials of a wrong length');
  const word = (index: number) => view.getInt32(index * 4, true);
  const [pid, euid, egid, asid] = [word(0), word(1), word(2), word(3)];
  const token = new Uint8Array(view.buffer, view.byteOffset + 16, 32);
  return token.every((byte) => byte === 0xff)
    ? { pid, euid, egid, asid }
    : { pid, euid, egid, asid, auditToken: token };
}

function nameOf<T extends string>(codes: Readonly<Record<T, number>>, code: number): T {
  const entry = Object.entries(codes).find(([, value]) => value === code);
  if (entry === undefined) throw new Error(`unknown code ${code}`);
  return entry[0] as T;
}
