/** Rights of a mock port: its handles of memories and endpoints, and the tables of rights in records. */
import { type Handle, MAX_RIGHTS, Right } from '../records.js';
import type { DescriptorTable } from './descriptors.js';
import type { ProcessState } from './process-state.js';
import { type MockRight, releaseAll } from './right.js';
import { type EndpointRight, OpenFile, SharedMemory } from './rights.js';
import type { RightWord } from './serialization.js';

const COUNT_BYTES = 4;
const ENTRY_BYTES = 8;

/** A right as a table names it: a descriptor's number, or a handle. */
export interface RightName {
  readonly kind: number;
  readonly value: number;
}

/** A message to be sent, its table read. */
export interface Outgoing {
  readonly body: Uint8Array;
  readonly hasRights: boolean;
  readonly rights: readonly RightName[];
}

/**
 * Takes the table off a record's body.
 * @throws TypeError for a table that is cut, has no rights or too many, or one of a kind that is not
 */
export function readOutgoing(body: Uint8Array, hasRights: boolean): Outgoing {
  if (!hasRights) return { body, hasRights, rights: [] };
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const count = body.byteLength < COUNT_BYTES ? 0 : view.getUint32(0, true);
  if (count === 0 || count > MAX_RIGHTS) throw new TypeError(`a table has 1 to ${MAX_RIGHTS} rights`);
  const start = tableBytes(count);
  if (start > body.byteLength) throw new TypeError('a table of rights is cut');
  const rights = Array.from({ length: count }, (_, index) => {
    const at = COUNT_BYTES + index * ENTRY_BYTES;
    return { kind: rightKind(view.getUint32(at, true)), value: view.getUint32(at + 4, true) };
  });
  return { body: body.subarray(start), hasRights, rights };
}

function rightKind(kind: number): number {
  if (kind < Right.descriptor || kind > Right.endpoint) throw new TypeError('unknown kind of right');
  return kind;
}

/** How many bytes the table of so many rights takes. */
export function tableBytes(count: number): number {
  return COUNT_BYTES + count * ENTRY_BYTES;
}

/** The rights that a port has. */
export class RightTable {
  readonly #process: ProcessState;
  readonly #descriptors: DescriptorTable;
  readonly #nextHandle: () => Handle;
  readonly #rights = new Map<Handle, SharedMemory | EndpointRight>();
  #undelivered: number[] = [];

  constructor(process: ProcessState, descriptors: DescriptorTable, nextHandle: () => Handle) {
    this.#process = process;
    this.#descriptors = descriptors;
    this.#nextHandle = nextHandle;
  }

  get size(): number {
    return this.#rights.size;
  }

  get memories(): number {
    return [...this.#rights.values()].filter((right) => right instanceof SharedMemory).length;
  }

  add(right: SharedMemory | EndpointRight): Handle {
    right.retain();
    const handle = this.#nextHandle();
    this.#rights.set(handle, right);
    return handle;
  }

  get(handle: Handle): SharedMemory | EndpointRight | undefined {
    return this.#rights.get(handle);
  }

  release(handle: Handle): void {
    const right = this.#rights.get(handle);
    this.#rights.delete(handle);
    right?.release();
  }

  /** What the table names, retained for the way; undefined when it does not fit the words or names nothing. */
  hold(names: readonly RightName[], words: readonly RightWord[] | undefined): MockRight[] | undefined {
    if (words?.length !== names.length) return undefined;
    const held: MockRight[] = [];
    for (const [index, { kind, byteLength }] of words.entries()) {
      const { kind: given, value } = names[index] as RightName;
      const right = given === kind ? this.#named(given, value) : undefined;
      const isFit = !(right instanceof SharedMemory) || right.byteLength === byteLength;
      if (right === undefined || !isFit) {
        releaseAll(held);
        return undefined;
      }
      right.retain();
      held.push(right);
    }
    return held;
  }

  /** Gives the process what came with a message, and takes over the references. The table for the record. */
  install(rights: readonly MockRight[]): Uint8Array {
    const words = new Uint32Array(1 + 2 * rights.length);
    words[0] = rights.length;
    rights.forEach((right, index) => {
      words[1 + 2 * index] = right.kind;
      words[2 + 2 * index] = this.#installed(right);
      right.release();
    });
    return new Uint8Array(words.buffer);
  }

  /** What was installed is the receiver's from now on. */
  markDelivered(): void {
    this.#undelivered = [];
  }

  /** Releases all handles, and closes descriptors that JavaScript will never hear of. */
  close(): void {
    for (const handle of [...this.#rights.keys()]) this.release(handle);
    for (const descriptor of this.#undelivered) this.#descriptors.close(descriptor);
    this.#undelivered = [];
  }

  #named(kind: number, value: number): MockRight | undefined {
    if (kind !== Right.descriptor) {
      const right = this.#rights.get(value);
      return right?.kind === kind ? right : undefined;
    }
    return this.#descriptors.isOwnedBy(value, this.#process) ? this.#descriptors.file(value) : undefined;
  }

  #installed(right: MockRight): number {
    if (!(right instanceof OpenFile)) return this.add(right as SharedMemory | EndpointRight);
    const descriptor = this.#descriptors.open(right, { owner: this.#process, isReceived: true });
    this.#undelivered.push(descriptor);
    return descriptor;
  }
}
