/** Descriptor numbers of a mock world. They are the world's, not a process's: no two processes have the same one. */
import type { ProcessState } from './process-state.js';
import type { OpenFile } from './rights.js';

// Higher than any real descriptor of a test, so that mixing them up is noticed.
const FIRST_DESCRIPTOR = 1_000_000;

/** How a descriptor came to be. */
export interface DescriptorOrigin {
  readonly owner: ProcessState;
  /** A message brought it. */
  readonly isReceived?: boolean;
  /** `isOwnerGone`: the end of the process closed it. */
  readonly onClosed?: (isOwnerGone: boolean) => void;
}

interface Entry extends DescriptorOrigin {
  readonly file: OpenFile;
}

/** All open descriptors of a world. */
export class DescriptorTable {
  readonly #entries = new Map<number, Entry>();
  #last = FIRST_DESCRIPTOR;

  open(file: OpenFile, origin: DescriptorOrigin): number {
    file.retain();
    this.#last += 1;
    this.#entries.set(this.#last, { file, ...origin });
    return this.#last;
  }

  file(descriptor: number): OpenFile | undefined {
    return this.#entries.get(descriptor)?.file;
  }

  isOwnedBy(descriptor: number, owner: ProcessState): boolean {
    return this.#entries.get(descriptor)?.owner === owner;
  }

  /** Whether a message brought it to this process. */
  isReceivedBy(descriptor: number, owner: ProcessState): boolean {
    return this.isOwnedBy(descriptor, owner) && this.#entries.get(descriptor)?.isReceived === true;
  }

  /** False when there is no such descriptor. */
  close(descriptor: number, isOwnerGone = false): boolean {
    const entry = this.#entries.get(descriptor);
    if (entry === undefined) return false;
    this.#entries.delete(descriptor);
    entry.onClosed?.(isOwnerGone);
    entry.file.release();
    return true;
  }

  /** What the end of a process closes. */
  closeAllOf(owner: ProcessState): void {
    for (const [descriptor, entry] of this.#entries) if (entry.owner === owner) this.close(descriptor, true);
  }

  /** How many there are, of one process or of all. */
  count(owner?: ProcessState): number {
    if (owner === undefined) return this.#entries.size;
    return [...this.#entries.values()].filter((entry) => entry.owner === owner).length;
  }
}
