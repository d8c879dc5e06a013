/** What happens to containers and networks, handed out to any number of readers. */
import { type DroppedEvents, type EventOptions, EventStream } from '../base/index.js';
import type { ServerEvent } from '../harness/index.js';

type Distribute<T> = T extends ServerEvent ? Omit<T, 'time'> : never;

/** An event before it is dated. */
export type ServerStep = Distribute<ServerEvent>;

/** The events of one server. A reader that is too slow loses the oldest and is told how many. */
export class EventFeed {
  readonly #streams = new Set<EventStream<ServerEvent>>();
  #isEnded = false;

  emit(step: ServerStep): void {
    const event = { ...step, time: Date.now() } as ServerEvent;
    for (const stream of this.#streams) stream.push(event);
  }

  /** The events from now on, until the server stops or the signal aborts. */
  stream(options: EventOptions = {}): AsyncIterableIterator<ServerEvent | DroppedEvents> {
    const stream = new EventStream<ServerEvent>(options, (ended) => this.#streams.delete(ended));
    if (this.#isEnded) stream.end();
    else if (options.signal?.aborted !== true) this.#streams.add(stream);
    return stream;
  }

  /** Nothing more happens: ends the streams. */
  end(): void {
    this.#isEnded = true;
    for (const stream of [...this.#streams]) stream.end();
  }
}
