/** The client's side of progress: an anonymous listener whose endpoint goes along with the request. */
import { LaunchportError, withDeadline } from '../base/index.js';
import type { XpcEndpoint, XpcListener, XpcTransport } from '../xpc/index.js';
import { applyProgress, decodeProgress, type Progress, type ProgressUpdate } from './progress.js';

/** Milliseconds that updates may come after the reply that tells how many there were. */
const LATE_MS = 1_000;

/** Hears of progress: where the work stands, and the step that led there. */
export type ProgressListener = (progress: Progress, update: ProgressUpdate) => void;

/** Receives the updates of one call. */
export class ProgressReceiver {
  readonly endpoint: XpcEndpoint;
  readonly #listener: XpcListener;
  #progress: Progress = {};
  #count = 0;
  #isTaken = false;
  #onUpdate: (() => void) | undefined;

  constructor(transport: XpcTransport, onProgress: ProgressListener) {
    this.#listener = transport.listenAnonymous(() => {
      if (this.#isTaken) return undefined;
      this.#isTaken = true;
      return {
        message: (message) => {
          this.#count++;
          const update = decodeProgress(message);
          this.#progress = applyProgress(this.#progress, update);
          try {
            onProgress(this.#progress, update);
          } finally {
            this.#onUpdate?.();
          }
        },
      };
    });
    this.endpoint = this.#listener.endpoint();
  }

  /** Waits for the updates that are still on their way, when it is known how many there are. */
  async received(count: number): Promise<void> {
    const late = () => new LaunchportError('ERR_TIMEOUT', 'progress updates are missing');
    const all = () =>
      new Promise<void>((resolve) => {
        this.#onUpdate = () => {
          if (this.#count >= count) resolve();
        };
      });
    if (this.#count < count) await withDeadline('progress', { timeout: LATE_MS }, late, all).catch(() => {});
  }

  /** Hears no more. */
  close(): void {
    this.endpoint.release();
    this.#listener.cancel();
  }
}
