/** Events as an async iterable with a bounded buffer, one for each reader. */

/** Events kept for a reader that is behind, when it names no other number. */
export const DEFAULT_EVENT_BUFFER = 1024;

/** The reader was too slow: this many events before the next one are lost. */
export interface DroppedEvents {
  readonly kind: 'dropped';
  readonly count: number;
  /** Milliseconds since the epoch, of the event that follows. */
  readonly time: number;
}

/** How to read events. */
export interface EventOptions {
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
  /** Events kept for a slow reader; default {@link DEFAULT_EVENT_BUFFER}, at least 1. */
  readonly bufferSize?: number;
}

/**
 * One reader's events, from its making on. When the buffer is full the oldest go, and the reader is told how many
 * before it sees what came after them. Ends when its source does or the signal aborts, after what is buffered.
 */
export class EventStream<E extends { readonly time: number }>
  implements AsyncIterableIterator<E | DroppedEvents>
{
  readonly #capacity: number;
  readonly #onEnd: (stream: EventStream<E>) => void;
  readonly #signal: AbortSignal | undefined;
  #buffer: E[] = [];
  #dropped = 0;
  #isEnded = false;
  #waiting: ((result: IteratorResult<E | DroppedEvents>) => void)[] = [];

  /** `onEnd` is called once. @throws RangeError for a buffer size that is no positive integer */
  constructor(
    { signal, bufferSize = DEFAULT_EVENT_BUFFER }: EventOptions,
    onEnd: (stream: EventStream<E>) => void,
  ) {
    if (!Number.isSafeInteger(bufferSize) || bufferSize < 1)
      throw new RangeError(`bufferSize is not a positive integer: ${bufferSize}`);
    this.#capacity = bufferSize;
    this.#onEnd = onEnd;
    this.#signal = signal;
    if (signal?.aborted) this.end();
    else signal?.addEventListener('abort', this.#abort);
  }

  push(event: E): void {
    if (this.#isEnded) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader({ done: false, value: event });
      return;
    }
    this.#buffer.push(event);
    if (this.#buffer.length <= this.#capacity) return;
    this.#buffer.shift();
    this.#dropped += 1;
  }

  /** Nothing more comes; what is buffered can still be read. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    for (const reader of this.#waiting.splice(0)) reader({ done: true, value: undefined });
    this.#onEnd(this);
  }

  async next(): Promise<IteratorResult<E | DroppedEvents>> {
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      return { done: false, value: { kind: 'dropped', count, time: this.#buffer[0]?.time ?? 0 } };
    }
    const value = this.#buffer.shift();
    if (value !== undefined) return { done: false, value };
    if (this.#isEnded) return { done: true, value: undefined };
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async return(): Promise<IteratorResult<E | DroppedEvents>> {
    this.#buffer = [];
    this.#dropped = 0;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #abort = (): void => this.end();
}
