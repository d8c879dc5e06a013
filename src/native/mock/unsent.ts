/** Frames that wait until a connection has a socket and may use it. */
import { releaseAll } from './right.js';
import { type Frame, frameBytes } from './socket.js';

/** A queue in the order of sending. */
export class UnsentFrames {
  #frames: Frame[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += frameBytes(frame);
  }

  /** Empties the queue; who calls has the frames. */
  take(): readonly Frame[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }

  /** Gives up what is in it. */
  discard(): void {
    for (const { rights } of this.take()) releaseAll(rights);
  }
}
