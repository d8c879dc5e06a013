/** Hands out what happens to jobs, to listeners and to streams. */
import { errorText, type Logger } from '../base/index.js';
import { type EventOptions, EventStream, type TimedTransition } from './event-stream.js';
import type { JobTransition } from './transition.js';

/** Hands transitions to those who asked for them. */
export class TransitionFeed {
  readonly #listeners = new Set<(transition: JobTransition) => void>();
  readonly #streams = new Set<EventStream<TimedTransition>>();
  readonly #logger: Logger;
  #isEnded = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  subscribe(listener: (transition: JobTransition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A stream of the transitions from now on. @throws RangeError as {@link EventStream} */
  stream(options: EventOptions): EventStream<TimedTransition> {
    const stream = new EventStream<TimedTransition>(options, (ended) => this.#streams.delete(ended));
    if (this.#isEnded) stream.end();
    else if (options.signal?.aborted !== true) this.#streams.add(stream);
    return stream;
  }

  /** Nothing more happens: ends the streams. */
  end(): void {
    this.#isEnded = true;
    for (const stream of [...this.#streams]) stream.end();
  }

  /** Calls the listeners in a microtask, so that one that calls back finds every job in a settled state. */
  emit(transition: JobTransition, time: number): void {
    for (const stream of this.#streams) stream.push({ ...transition, time });
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        if (!this.#listeners.has(listener)) return;
        try {
          listener(transition);
        } catch (error) {
          this.#logger.error(`supervisor: a transition listener failed: ${errorText(error)}`, { error });
        }
      });
    }
  }
}
