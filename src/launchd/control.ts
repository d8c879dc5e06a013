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
  | { readonly kind: 'spawn failed'; readonly reason: string }
  /** It ended while no supervisor was there to see it. */
  | { readonly kind: 'unknown' };

/** One Mach service of a job. */
export interface JobEndpoint {
  readonly name: string;
  /** Checked in: the job holds the receive right and answers. */
  readonly isActive: boolean;
  /** The job registered the name itself; it is not in its plist. */
  readonly isDynamic?: boolean;
  /** launchd waits for a message, to start the job. */
  readonly isWatched?: boolean;
  readonly resetAtClose?: boolean;
  readonly hideUntilCheckIn?: boolean;
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
  /** `LaunchAgent`, `LaunchDaemon`, `Submitted`, … */
  readonly type?: string;
  /** The domain as the launchd itself names it, such as `gui/501 [100015]`. */
  readonly domain?: string;
  /** `job state`: `running`, `exited`, `spawn failed`, … On newer releases it is franker than `state`. */
  readonly jobState?: string;
  /** Child processes, and programs run, since the job was started. */
  readonly forks?: number;
  readonly execs?: number;
  /** ThrottleInterval in effect, in seconds. */
  readonly minimumRuntime?: number;
  /** ExitTimeOut in effect, in seconds. */
  readonly exitTimeout?: number;
  readonly workingDirectory?: string;
  readonly stdinPath?: string;
  readonly stdoutPath?: string;
  readonly stderrPath?: string;
  readonly username?: string;
  readonly group?: string;
  readonly umask?: number;
  readonly nice?: number;
  /** `daemon (3)`, `interactive (4)`, `background (5)`, `adaptive (6)`. */
  readonly spawnType?: string;
  /** The job's own variables, those of its plist among them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Conditions of KeepAlive with the values they are to have: `successful exit` is `0`. */
  readonly semaphores?: Readonly<Record<string, string>>;
  /** `runatload`, `keepalive`, `penalty box`, … */
  readonly properties?: readonly string[];
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
  readonly kind: 'launchctl' | 'supervisor' | 'systemd';
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
  /**
   * Lifts {@link LaunchControl.disable} and the plist's own `Disabled`, also for a label that is not loaded. Loads and
   * starts nothing.
   */
  enable(target: ServiceTarget, options?: ControlOptions): Promise<void>;
  /**
   * Refuses to load the job from now on (ERR_LAUNCHD_DISABLED), also for a label that is not loaded. Kept outside
   * the plist: it survives a restart and the deletion of the plist. A job that is loaded stays loaded and running.
   */
  disable(target: ServiceTarget, options?: ControlOptions): Promise<void>;
  /** What {@link LaunchControl.enable} and {@link LaunchControl.disable} left in a domain: labels, true for disabled. */
  overrides(domain: DomainTarget, options?: ControlOptions): Promise<ReadonlyMap<string, boolean>>;
  /** All jobs of the caller's session, sorted by label. */
  list(options?: ControlOptions): Promise<readonly JobSummary[]>;
}
