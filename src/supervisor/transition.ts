/** What happens to jobs, told as it happens. */
import { errorText, type Logger } from '../base/index.js';
import type { JobExit, ServiceTarget } from '../launchd/index.js';

/** Fields of every transition. */
interface TransitionBase {
  readonly target: ServiceTarget;
  readonly label: string;
}

/** One step in the life of a job, in the order in which they happen. */
export type JobTransition =
  /** Its definition was taken in and its services can be looked up. */
  | (TransitionBase & { readonly kind: 'loaded'; readonly services: readonly string[] })
  /** A process started. `run` counts starts from 1, failed ones included. */
  | (TransitionBase & {
      readonly kind: 'spawned';
      readonly pid: number;
      readonly run: number;
      readonly reason: string;
    })
  /** No process started. Clients stay queued; the next demand tries again. */
  | (TransitionBase & { readonly kind: 'spawn failed'; readonly run: number; readonly reason: string })
  /** The process took one of its services and answers on it. */
  | (TransitionBase & { readonly kind: 'checked in'; readonly pid: number; readonly service: string })
  /** The process was asked to end: SIGTERM now, SIGKILL after ExitTimeOut. */
  | (TransitionBase & { readonly kind: 'exiting'; readonly pid: number })
  /** The process ended. `checkedIn` lists the services it had taken: empty when it died before it could answer. */
  | (TransitionBase & {
      readonly kind: 'exited';
      readonly pid: number;
      readonly run: number;
      readonly exit: JobExit;
      readonly checkedIn: readonly string[];
    })
  /** A start is held back for `milliseconds` by ThrottleInterval. */
  | (TransitionBase & {
      readonly kind: 'throttled';
      readonly milliseconds: number;
      readonly reason: string;
    })
  /** Unloaded: its process is gone, its label and its services are free. */
  | (TransitionBase & { readonly kind: 'removed' });

type Distribute<T> = T extends JobTransition ? Omit<T, keyof TransitionBase> : never;

/** A transition as a job tells it, which need not say whose it is. */
export type JobStep = Distribute<JobTransition>;

/** Hands transitions to those who asked for them. */
export class TransitionFeed {
  readonly #listeners = new Set<(transition: JobTransition) => void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  subscribe(listener: (transition: JobTransition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listeners in a microtask, so that one that calls back finds every job in a settled state. */
  emit(transition: JobTransition): void {
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
