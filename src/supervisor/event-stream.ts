/** The transitions of a supervisor as events. */
import type { DroppedEvents } from '../base/index.js';
import type { JobTransition } from './transition.js';

export { DEFAULT_EVENT_BUFFER, type EventOptions, EventStream } from '../base/index.js';

/** A transition and when it happened, in milliseconds since the epoch. */
export type TimedTransition = JobTransition & { readonly time: number };

/** What {@link Supervisor.events} yields; JSON-safe. */
export type JobEvent = TimedTransition | DroppedEvents;
