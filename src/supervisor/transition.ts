/** What happens to jobs, told as it happens. */
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
  /** May be loaded again, whatever its plist says. Also for a label that is not loaded. */
  | (TransitionBase & { readonly kind: 'enabled' })
  /** Will not be loaded again; what is loaded and running stays. */
  | (TransitionBase & { readonly kind: 'disabled' })
  /** Unloaded: its process is gone, its label and its services are free. */
  | (TransitionBase & { readonly kind: 'removed' });

type Distribute<T> = T extends JobTransition ? Omit<T, keyof TransitionBase> : never;

/** A transition as a job tells it, which need not say whose it is. */
export type JobStep = Distribute<JobTransition>;
