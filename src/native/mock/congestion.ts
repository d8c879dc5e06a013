/** Whether a connection's queue is so long that its owner should stop, told once each way. */
import type { MockLimits } from './limits.js';

/** The state of one queue between two marks. */
export class Congestion {
  readonly #limits: MockLimits;
  #isCongested = false;
  #isReported = false;

  constructor(limits: MockLimits) {
    this.#limits = limits;
  }

  update(queuedBytes: number): void {
    if (queuedBytes >= this.#limits.highWaterBytes) this.#isCongested = true;
    else if (queuedBytes < this.#limits.lowWaterBytes) this.#isCongested = false;
  }

  /** What has changed since the last call, if anything. */
  takeNews(): 'congested' | 'drained' | undefined {
    if (this.#isCongested === this.#isReported) return undefined;
    this.#isReported = this.#isCongested;
    return this.#isCongested ? 'congested' : 'drained';
  }
}
