/** Shared memory: bytes that several processes see at once, without a copy. */
import { errorText, LaunchportError } from '../base/index.js';
import type { Handle } from '../native/index.js';
import { assertUsable } from './held-right.js';
import type { RightOwner } from './right-owner.js';

const forgotten = new FinalizationRegistry<{ readonly owner: RightOwner; readonly handle: Handle }>(
  ({ owner, handle }) => owner.port.release(handle),
);

/** Keeps the value alive while its buffer is, for releasing the one takes the bytes away from the other. */
const memoryOfBuffer = new WeakMap<ArrayBuffer, XpcSharedMemory>();

/**
 * Shared memory as a value of a message. Made by `XpcTransport.createSharedMemory`, or received. Everybody who has it
 * can read and write the same bytes at any time: whoever acts on what it holds must copy it first and check the copy.
 * It lives until `release`, or until neither it nor its buffer can be reached any more. What was sent lives on.
 */
export class XpcSharedMemory implements Disposable {
  /** Bytes of the memory. */
  readonly byteLength: number;
  readonly #owner: RightOwner;
  readonly #handle: Handle;
  #buffer: ArrayBuffer | undefined;
  #isReleased = false;

  /** For the transport. */
  constructor(owner: RightOwner, handle: Handle, byteLength: number) {
    this.#owner = owner;
    this.#handle = handle;
    this.byteLength = byteLength;
    forgotten.register(this, { owner, handle }, this);
  }

  /** True after `release`, and when the transport is closed. */
  get isReleased(): boolean {
    return this.#isReleased || this.#owner.isClosed;
  }

  /**
   * The bytes, the same buffer each time. `release` detaches it. A worker can get a copy, but not the buffer itself.
   * @throws LaunchportError ERR_XPC_STATE when released, ERR_XPC_LIMIT when the system cannot map it
   */
  get buffer(): ArrayBuffer {
    this.handle(this.#owner);
    if (this.#buffer === undefined) {
      this.#buffer = mapped(() => this.#owner.port.memory(this.#handle), this.byteLength);
      memoryOfBuffer.set(this.#buffer, this);
    }
    return this.#buffer;
  }

  /** For the transport: its handle. @throws LaunchportError ERR_XPC_STATE, ERR_XPC_VALUE for another transport's */
  handle(owner: RightOwner): Handle {
    assertUsable('the shared memory', owner, this.#owner, this.isReleased);
    return this.#handle;
  }

  /** Gives it up and detaches the buffer. Other processes keep theirs. Harmless twice. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#buffer = undefined;
    forgotten.unregister(this);
    this.#owner.port.release(this.#handle);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Calls what the system may refuse for want of memory. @throws LaunchportError ERR_XPC_LIMIT */
export function mapped<T>(run: () => T, byteLength: number): T {
  try {
    return run();
  } catch (error) {
    throw new LaunchportError(
      'ERR_XPC_LIMIT',
      `no ${byteLength} bytes of shared memory: ${errorText(error)}`,
      {
        details: { byteLength, code: (error as NodeJS.ErrnoException).code },
        cause: error,
      },
    );
  }
}
