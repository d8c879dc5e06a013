/** File descriptors as XPC values: a program's own ones to send, and those that messages bring. */
import { LaunchportError } from '../base/index.js';
import type { RightOwner } from './right-owner.js';

interface Unclosed {
  readonly fd: number;
  readonly owner: RightOwner;
}

/** Closes received descriptors that nobody closed, or a peer could use up all that a process may have. */
const forgotten = new FinalizationRegistry<Unclosed>(({ fd, owner }) => {
  owner.port.closeDescriptor(fd);
  owner.logger.warn('a received descriptor was closed only when it was collected: take or close each', {
    fd,
  });
});

/**
 * A file descriptor as a value of a message. {@link fileDescriptor} makes one to send. A received one is owned: it is
 * closed with `close`, at the end of `using`, or by whoever calls `take`; sending it on gives the other side one of its
 * own and leaves this one as it is. It is close-on-exec, and shares offset and status flags with the sender's.
 */
export class XpcFileDescriptor implements Disposable {
  readonly #fd: number;
  /** Of a received one; undefined for a program's own. */
  readonly #owner: RightOwner | undefined;
  #state: 'open' | 'taken' | 'closed' = 'open';

  /** For the transport, which gives an owner; see {@link fileDescriptor}. @throws RangeError for what is no descriptor */
  constructor(fd: number, owner?: RightOwner) {
    if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fff_ffff) throw new RangeError(`not a descriptor: ${fd}`);
    this.#fd = fd;
    this.#owner = owner;
    if (owner !== undefined) forgotten.register(this, { fd, owner }, this);
  }

  /** The number. @throws LaunchportError ERR_XPC_STATE when it was closed or taken */
  get fd(): number {
    if (this.#state === 'open') return this.#fd;
    throw new LaunchportError('ERR_XPC_STATE', `descriptor ${this.#fd} was ${this.#state} already`, {
      details: { fd: this.#fd, state: this.#state },
    });
  }

  /** Whether `close` closes the descriptor itself: true for a received one until it is taken or closed. */
  get isOwned(): boolean {
    return this.#owner !== undefined && this.isOpen;
  }

  /** Neither closed nor taken. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /**
   * The number, which from now on is the caller's to close. This value cannot be used any more.
   * @throws LaunchportError ERR_XPC_STATE when it was closed or taken
   */
  take(): number {
    const { fd } = this;
    this.#end('taken');
    return fd;
  }

  /** Closes an owned descriptor; one of the program stays open. Either way this value is used up. Harmless twice. */
  close(): void {
    if (!this.isOpen) return;
    this.#end('closed');
    this.#owner?.port.closeDescriptor(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #end(state: 'taken' | 'closed'): void {
    this.#state = state;
    if (this.#owner !== undefined) forgotten.unregister(this);
  }
}

/**
 * A descriptor to send. It stays the caller's, who may close it as soon as `send`, `request` or `reply` has returned:
 * by then it has been duplicated.
 * @throws RangeError for what is no descriptor
 */
export function fileDescriptor(fd: number): XpcFileDescriptor {
  return new XpcFileDescriptor(fd);
}
