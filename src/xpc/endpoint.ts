/** Endpoints: tokens of a listener that can be sent, so that others connect to it. */
import type { Handle } from '../native/index.js';
import { assertUsable } from './held-right.js';
import type { RightOwner } from './right-owner.js';

const forgotten = new FinalizationRegistry<{ readonly owner: RightOwner; readonly handle: Handle }>(
  ({ owner, handle }) => owner.port.release(handle),
);

/**
 * An endpoint: whoever has it can connect to its listener, with `XpcTransport.connect`. Made by `XpcListener.endpoint`,
 * or received. It belongs to one transport, cannot be stored, and says nothing about whether the listener still lives.
 * One that is no longer used should be released; otherwise that happens when it is collected.
 */
export class XpcEndpoint implements Disposable {
  readonly #owner: RightOwner;
  readonly #handle: Handle;
  #isReleased = false;

  /** For the transport. */
  constructor(owner: RightOwner, handle: Handle) {
    this.#owner = owner;
    this.#handle = handle;
    forgotten.register(this, { owner, handle }, this);
  }

  /** True after `release`, and when the transport is closed. */
  get isReleased(): boolean {
    return this.#isReleased || this.#owner.isClosed;
  }

  /** For the transport: its handle. @throws LaunchportError ERR_XPC_STATE, ERR_XPC_VALUE for another transport's */
  handle(owner: RightOwner): Handle {
    assertUsable('the endpoint', owner, this.#owner, this.isReleased);
    return this.#handle;
  }

  /** Gives it up. Connections made with it, and what was sent of it, live on. Harmless twice. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    forgotten.unregister(this);
    this.#owner.port.release(this.#handle);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
