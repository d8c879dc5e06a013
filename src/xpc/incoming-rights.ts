/** The rights that came beside one message: made into values while it is decoded, closed when nobody receives it. */
import { Right } from '../native/index.js';
import { XpcEndpoint } from './endpoint.js';
import { XpcFileDescriptor } from './file-descriptor.js';
import type { RightOwner } from './right-owner.js';
import { XpcSharedMemory } from './shared-memory.js';
import type { XpcPortType, XpcRight } from './value.js';

interface Entry {
  readonly right: number;
  readonly value: number;
  /** Once it was decoded. */
  made?: XpcRight;
}

/** Rights of one received message. */
export class IncomingRights {
  /** Where the serialization starts. */
  readonly end: number;
  readonly #owner: RightOwner;
  readonly #entries: Entry[] = [];
  #next = 0;
  #isKept = false;

  /** Reads the table at `start`. */
  constructor(owner: RightOwner, view: DataView, start: number) {
    this.#owner = owner;
    const count = view.getUint32(start, true);
    this.end = start + 4 + count * 8;
    for (let at = start + 4; at < this.end; at += 8) {
      this.#entries.push({ right: view.getUint32(at, true), value: view.getUint32(at + 4, true) });
    }
  }

  /** Whether some have had no place so far. */
  get hasMore(): boolean {
    return this.#next < this.#entries.length;
  }

  /** The next right, for a place of this type; undefined when there is none or it is of another kind. */
  next(type: XpcPortType, byteLength: bigint | undefined): XpcRight | undefined {
    const entry = this.#entries[this.#next];
    if (entry === undefined) return undefined;
    const made = this.#make(entry, type, byteLength);
    if (made === undefined) return undefined;
    this.#next++;
    entry.made = made;
    return made;
  }

  /** Somebody has received the message: from now on its rights are theirs. */
  keep(): void {
    this.#isKept = true;
  }

  /** Closes what nobody has received. */
  closeUnlessKept(): void {
    if (!this.#isKept) this.close();
  }

  /** Closes all that was not closed or taken meanwhile. */
  close(): void {
    const { port } = this.#owner;
    for (const { right, value, made } of this.#entries.splice(0)) {
      if (made instanceof XpcFileDescriptor) made.close();
      else if (made !== undefined) made.release();
      else if (right === Right.descriptor) port.closeDescriptor(value);
      else port.release(value);
    }
  }

  #make({ right, value }: Entry, type: XpcPortType, byteLength: bigint | undefined): XpcRight | undefined {
    const owner = this.#owner;
    if (right === Right.descriptor && type === 'fd') return new XpcFileDescriptor(value, owner);
    if (right === Right.endpoint && type === 'endpoint') return new XpcEndpoint(owner, value);
    if (right === Right.memory && byteLength !== undefined) {
      return new XpcSharedMemory(owner, value, Number(byteLength));
    }
    return undefined;
  }
}
