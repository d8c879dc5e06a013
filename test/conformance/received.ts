/** Inbound records, read: what a test looks at. */
import {
  CREDENTIALS_BYTES,
  Event,
  Failure,
  type Handle,
  Inbound,
  type PeerCredentials,
  RECORD_HAS_RIGHTS,
  Refusal,
  Right,
} from '../../src/native/index.js';

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

/** A kind of record by name. */
export type ReceivedType = Received['type'];
/** A record of one kind. */
export type Of<T extends ReceivedType> = Extract<Received, { type: T }>;

/** A body with its table of rights in front. */
export function withTable(rights: readonly RightEntry[], body: Uint8Array): Uint8Array {
  const table = Uint32Array.of(rights.length, ...rights.flatMap(({ kind, value }) => [Right[kind], value]));
  return Buffer.concat([new Uint8Array(table.buffer), body]);
}

/** Reads one record, all but its length. */
export function parse(word: number, handle: Handle, id: number, bytes: Uint8Array): Received {
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
