/** Transitions on their way to one reader: a bounded buffer that drops the oldest and says how many. */
import type { JobTransition } from '../transition.js';

/** Events kept for a reader that is behind, when it names no other number. */
const DEFAULT_BUFFER = 1024;

/** A transition and when it was, in milliseconds since the epoch; or how many a slow reader has missed. */
export type JobEvent =
  | (JobTransition & { readonly time: number })
  | { readonly kind: 'dropped'; readonly count: number; readonly time: number };

/** How to read events. */
export interface JobEventOptions {
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
  /** Events kept for a slow reader, 1 or more; default 1024. */
  readonly bufferSize?: number;
}

/** What transitions come from. */
export interface TransitionSource {
  onTransition(listener: (transition: JobTransition) => void): () => void;
}

/** One reader's events from now on, until the signal aborts. @throws RangeError for a buffer of no size */
export function queueEvents(source: TransitionSource, options: JobEventOptions): AsyncIterable<JobEvent> {
  const { signal, bufferSize = DEFAULT_BUFFER } = options;
  if (!Number.isSafeInteger(bufferSize) || bufferSize < 1)
    throw new RangeError(`bufferSize must be a positive integer, not ${bufferSize}`);
  const buffer: JobEvent[] = [];
  let dropped = 0;
  let wake: () => void = () => {};
  const unsubscribe = source.onTransition((transition) => {
    if (buffer.length === bufferSize) {
      buffer.shift();
      dropped += 1;
    }
    buffer.push({ ...transition, time: Date.now() });
    wake();
  });
  const onAbort = () => {
    // Also for a reader that left before it read anything.
    unsubscribe();
    wake();
  };
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  async function* read(): AsyncGenerator<JobEvent> {
    try {
      while (signal?.aborted !== true) {
        const first = buffer[0];
        if (first === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if (dropped > 0) {
          const count = dropped;
          dropped = 0;
          yield { kind: 'dropped', count, time: first.time };
        } else {
          buffer.shift();
          yield first;
        }
      }
    } finally {
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    }
  }
  return read();
}
