/** The rights that go beside one message: collected while it is encoded, written as the table in front of it. */
import { LaunchportError } from '../base/index.js';
import { MAX_RIGHTS, Right } from '../native/index.js';
import { XpcEndpoint } from './endpoint.js';
import { XpcFileDescriptor } from './file-descriptor.js';
import type { RightOwner } from './right-owner.js';
import { XpcSharedMemory } from './shared-memory.js';
import type { XpcRight } from './value.js';

/** Bytes of the longest table. */
export const MAX_TABLE_BYTES = 4 + MAX_RIGHTS * 8;

/** Whether a value is one that travels beside the bytes. */
export function isRight(value: unknown): value is XpcRight {
  return (
    value instanceof XpcFileDescriptor || value instanceof XpcEndpoint || value instanceof XpcSharedMemory
  );
}

/** The rights of one message to send. */
export class OutgoingRights {
  readonly #owner: RightOwner;
  readonly #words: number[] = [];

  constructor(owner: RightOwner) {
    this.#owner = owner;
  }

  get count(): number {
    return this.#words.length / 2;
  }

  /** Bytes of the table. */
  get byteLength(): number {
    return 4 + this.#words.length * 4;
  }

  /**
   * Adds the next one.
   * @throws LaunchportError ERR_XPC_STATE or ERR_XPC_VALUE for one that cannot be used, ERR_XPC_LIMIT for one too many
   */
  add(right: XpcRight): void {
    const words = this.#words;
    const owner = this.#owner;
    if (words.length === MAX_RIGHTS * 2) {
      throw new LaunchportError(
        'ERR_XPC_LIMIT',
        `more than ${MAX_RIGHTS} descriptors, endpoints and memories`,
        {
          hint: 'Send them in several messages.',
        },
      );
    }
    if (right instanceof XpcFileDescriptor) words.push(Right.descriptor, right.fd);
    else if (right instanceof XpcEndpoint) words.push(Right.endpoint, right.handle(owner));
    else words.push(Right.memory, right.handle(owner));
  }

  /** Writes the table. */
  write(view: DataView, at: number): void {
    view.setUint32(at, this.count, true);
    this.#words.forEach((word, i) => void view.setUint32(at + 4 + i * 4, word, true));
  }
}
