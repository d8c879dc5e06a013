/** The one control interface for launchd: `/bin/launchctl` on macOS and the embedded supervisor on Linux. */

/** `system`, `user/UID` or `gui/UID`. See launchctl(1), "domain target". */
export type DomainTarget = 'system' | `user/${number}` | `gui/${number}`;
/** A domain target, a slash and a label. See launchctl(1), "service target". */
export type ServiceTarget = `${DomainTarget}/${string}`;

/** What a job is doing. `unknown` is everything not understood; it is never to be read as running. */
export type JobState = 'running' | 'not running' | 'spawn scheduled' | 'exiting' | 'unknown';

/** How a job last ended. */
export type JobExit =
  | { readonly kind: 'exited'; readonly code: number }
  | {
      readonly kind: 'signaled';
      readonly signal: string /** Why the system ended it. */;
      readonly reason?: string;
    }
  | { readonly kind: 'spawn failed'; readonly reason: string };

/** One Mach service of a job. */
export interface JobEndpoint {
  readonly name: string;
  /** Checked in: the job holds the receive right and answers. */
  readonly isActive: boolean;
}

/** A job as `launchctl print` shows it. */
export interface JobStatus {
  readonly target: ServiceTarget;
  readonly label: string;
  readonly state: JobState;
  /** Present only while a process exists. */
  readonly pid?: number;
  /** Times it was started, failed spawns included. */
  readonly runs: number;
  /** How it last ended; absent when it never did. */
  readonly lastExit?: JobExit;
  /** Why it was last started: `ipc (mach)`, `speculative`, `non-ipc demand`, … */
  readonly reason?: string;
  /** Why launchd holds back a start that nobody asked for: `speculative` (RunAtLoad), `semaphore`, `inefficient`. */
  readonly pendedSpawn?: string;
  /** The plist it was loaded from. */
  readonly path?: string;
  readonly program?: string;
  readonly arguments: readonly string[];
  readonly endpoints: readonly JobEndpoint[];
}

/** A row of `launchctl list`. */
export interface JobSummary {
  readonly label: string;
  readonly pid?: number;
  /** Exit code, or minus the number of the signal that ended it; 0 when it never ran, absent when not said. */
  readonly status?: number;
}

/** Bounds on a control call. */
export interface ControlOptions {
  /** Milliseconds; default 30 000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Session kinds that `launchctl managername` prints. */
export type ManagerName = 'Aqua' | 'Background' | 'System' | 'LoginWindow' | 'StandardIO';

/**
 * Loads, unloads, starts, stops and inspects jobs. Every method settles within its timeout and fails with a
 * LaunchportError of a `ERR_LAUNCHD_…` code that carries domain, label and, for launchctl, its arguments, exit
 * status and stderr.
 */
export interface LaunchControl {
  readonly kind: 'launchctl' | 'supervisor';
  /** The domain that new jobs belong to when nothing else is said. */
  defaultDomain(options?: ControlOptions): Promise<DomainTarget>;
  managerName(options?: ControlOptions): Promise<ManagerName>;
  /** Loads the job that the plist describes. Resolves to its target. */
  bootstrap(domain: DomainTarget, plistPath: string, options?: ControlOptions): Promise<ServiceTarget>;
  /** Unloads a job and waits until its process is gone and its label is free. */
  bootout(target: ServiceTarget, options?: ControlOptions): Promise<void>;
  /** Starts the job now; with `kill`, ends a running instance first. Resolves to its pid, if known. */
  kickstart(
    target: ServiceTarget,
    options?: ControlOptions & { readonly kill?: boolean },
  ): Promise<number | undefined>;
  /** Sends a signal (`SIGTERM`, …) to the job's process. */
  kill(target: ServiceTarget, signal: NodeJS.Signals, options?: ControlOptions): Promise<void>;
  /** The job's state, or undefined when no such job is loaded. */
  print(target: ServiceTarget, options?: ControlOptions): Promise<JobStatus | undefined>;
  /** All jobs of the caller's session, sorted by label. */
  list(options?: ControlOptions): Promise<readonly JobSummary[]>;
}
