/** What travels beside messages in the mock: open files, shared memory and endpoints. */
import { Right } from '../records.js';
import type { MockRight } from './right.js';
import type { ListeningSocket } from './socket.js';
import { systemError } from './system-error.js';

/** References to things that cost the system something, so that a test sees a leak. */
export interface ReferenceCount {
  references: number;
}

/** An open file: what descriptors, and messages under way, refer to. The last reference closes it. */
export class OpenFile implements MockRight {
  readonly kind = Right.descriptor;
  /** Its name in tests. */
  readonly label: string;
  /** Present when it is a listening socket. */
  readonly socket: ListeningSocket | undefined;
  readonly #total: ReferenceCount;
  readonly #onClosed: (() => void) | undefined;
  #references = 0;

  constructor(
    total: ReferenceCount,
    label: string,
    { socket, onClosed }: { readonly socket?: ListeningSocket; readonly onClosed?: () => void } = {},
  ) {
    this.#total = total;
    this.label = label;
    this.socket = socket?.retain();
    this.#onClosed = onClosed;
  }

  retain(): void {
    this.#references += 1;
    this.#total.references += 1;
  }

  release(): void {
    this.#references -= 1;
    this.#total.references -= 1;
    if (this.#references > 0) return;
    this.socket?.release();
    this.#onClosed?.();
  }
}

/**
 * Shared memory. ArrayBuffers of one thread cannot share bytes, so all processes of a world get the same one. It is
 * detached when the last handle of any process is released; elsewhere each has a view of its own, which its own
 * release detaches.
 */
export class SharedMemory implements MockRight {
  readonly kind = Right.memory;
  readonly byteLength: number;
  readonly buffer: ArrayBuffer;
  readonly #total: ReferenceCount;
  #references = 0;

  /** @throws Error with code ENOMEM */
  constructor(total: ReferenceCount, byteLength: number) {
    this.#total = total;
    this.byteLength = byteLength;
    try {
      this.buffer = new ArrayBuffer(byteLength);
    } catch {
      throw systemError('ENOMEM', 'mmap', `${byteLength} bytes`);
    }
  }

  retain(): void {
    this.#references += 1;
    this.#total.references += 1;
  }

  release(): void {
    this.#references -= 1;
    this.#total.references -= 1;
    // Its owner may have transferred it away.
    if (this.#references === 0 && this.buffer.byteLength > 0) detach(this.buffer);
  }
}

/** An endpoint: names the socket that a listener keeps for its endpoints, without keeping it open. */
export class EndpointRight implements MockRight {
  readonly kind = Right.endpoint;
  readonly socket: ListeningSocket;

  constructor(socket: ListeningSocket) {
    this.socket = socket;
  }

  retain(): void {}

  release(): void {}
}

function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}
