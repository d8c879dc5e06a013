/** One job: its state machine, from loaded to removed. Every change of state happens here. */
import { constants } from 'node:os';
import type { JobExit, JobState, JobStatus, JobSummary } from '../launchd/index.js';
import type { SpawnedProcess } from '../native/index.js';
import { CheckInWatch } from './check-in.js';
import { describeExit, processExit } from './exit-status.js';
import { jobError } from './job-error.js';
import type { JobHost, JobInputs } from './job-host.js';
import { type JobFacts, renderStatus, renderSummary } from './job-status.js';
import { wantsRestart } from './keep-alive.js';
import { type Settled, settled } from './settled.js';
import { spawnFailureText, spawnJob } from './spawn.js';
import { throttleDelay } from './throttle.js';
import type { JobStep } from './transition.js';

/** idle → spawning → running → exiting → idle, and removed at the end. */
type JobPhase = 'idle' | 'spawning' | 'running' | 'exiting' | 'removed';

const { SIGKILL, SIGTERM } = constants.signals;

/** A loaded job. All methods are synchronous; what takes time is returned as a promise with no deadline of its own. */
export class Job {
  readonly inputs: JobInputs;
  readonly #host: JobHost;
  readonly #removal = settled<void>();
  #phase: JobPhase = 'idle';
  #process: SpawnedProcess | undefined;
  #checkIns: CheckInWatch | undefined;
  #runs = 0;
  #lastStart: number | undefined;
  #lastExit: JobExit | undefined;
  #reason: string | undefined;
  #isRemoving = false;
  /** A start was asked for by name; its callers wait here. */
  #start: Settled<number> | undefined;
  #cancelThrottle: (() => void) | undefined;
  #cancelKill: (() => void) | undefined;

  constructor(inputs: JobInputs, host: JobHost) {
    this.inputs = inputs;
    this.#host = host;
  }

  /** Being booted out: it takes no more orders, and its label is not free yet. */
  get isRemoving(): boolean {
    return this.#isRemoving;
  }

  /** Resolves when the job is gone. */
  get removed(): Promise<void> {
    return this.#removal.promise;
  }

  /** Enters service: starts if the definition says so, else waits for a client. */
  load(): void {
    this.#emit({ kind: 'loaded', services: this.inputs.endpoints.map(({ name }) => name) });
    if (this.inputs.settings.isStartedAtLoad) this.#spawn('speculative');
    else this.#watch();
  }

  /** A client waits on one of the services. Only an idle job with no start ahead takes notice. */
  demand(): void {
    if (this.#phase === 'idle' && this.#cancelThrottle === undefined) this.#spawnWhenAllowed('ipc (mach)');
  }

  /**
   * Starts the job now, whatever its throttle; with `isKilling` a running process is ended first. Callers that come
   * while one start is under way share it. Resolves to the pid.
   */
  kickstart(isKilling: boolean): Promise<number> {
    if (this.#isRemoving)
      throw jobError('ERR_LAUNCHD_BUSY', this.inputs.target, 'is being unloaded', 'Load it again.');
    if (this.#phase === 'running' && !isKilling) return Promise.resolve(this.#pid);
    this.#start ??= settled();
    const { promise } = this.#start;
    if (this.#process !== undefined) this.#terminate();
    else this.#spawn('non-ipc demand');
    return promise;
  }

  /** Sends a signal to the process. */
  signal(signal: number): void {
    if (this.#process !== undefined && this.#host.port.signal(this.#process.process, signal, false)) return;
    throw jobError('ERR_LAUNCHD_STATE', this.inputs.target, 'has no process', 'Kickstart it first.');
  }

  /** Ends the process and removes the job; resolves when both are gone. Idempotent. */
  remove(): Promise<void> {
    if (this.#phase !== 'removed') {
      this.#isRemoving = true;
      if (this.#process === undefined) this.#finish();
      else this.#terminate();
    }
    return this.removed;
  }

  /** Ends the process and its group with no time to prepare. For the end of the host and of its patience. */
  killNow(): void {
    if (this.#process === undefined) return;
    const { port } = this.#host;
    if (!this.inputs.settings.isGroupAbandoned) port.signal(this.#process.process, SIGKILL, true);
    port.signal(this.#process.process, SIGKILL, false);
  }

  /** Cancels whatever was to happen later. */
  stopTimers(): void {
    this.#cancelThrottle?.();
    this.#cancelKill?.();
    this.#checkIns?.stop();
    this.#cancelThrottle = this.#cancelKill = this.#checkIns = undefined;
  }

  /** The process ended. Its handle is still good for its group. */
  exited(exitCode: number, signal: number): void {
    if (this.#process === undefined) return;
    const { process, pid } = this.#process;
    const checkedIn = [...(this.#checkIns?.refresh() ?? [])];
    if (!this.inputs.settings.isGroupAbandoned) this.#host.port.signal(process, SIGTERM, true);
    const wasAsked = this.#phase === 'exiting';
    this.stopTimers();
    this.#process = undefined;
    this.#phase = 'idle';
    const exit = processExit(exitCode, signal);
    this.#lastExit = exit;
    this.#emit({ kind: 'exited', pid, run: this.#runs, exit, checkedIn });
    // A caller only sees its request time out; the log is where a crash shows.
    const isExpected = wasAsked || (exit.kind === 'exited' && exit.code === 0);
    this.#host.logger[isExpected ? 'debug' : 'warn'](
      `job ${this.inputs.settings.label} ${describeExit(exit)}`,
      {
        pid,
        run: this.#runs,
      },
    );
    this.#reconsider(exit);
  }

  /** The job as `launchctl print` shows it. */
  status(): JobStatus {
    return renderStatus(this.inputs, { ...this.#facts, checkedIn: this.#checkIns?.refresh() });
  }

  /** The job as `launchctl list` shows it. */
  summary(): JobSummary {
    return renderSummary(this.inputs, this.#facts);
  }

  get #facts(): JobFacts {
    return {
      state: this.#state,
      pid: this.#process?.pid,
      runs: this.#runs,
      lastExit: this.#lastExit,
      reason: this.#reason,
    };
  }

  get #state(): JobState {
    if (this.#phase === 'running' || this.#phase === 'exiting') return this.#phase;
    return this.#cancelThrottle === undefined ? 'not running' : 'spawn scheduled';
  }

  get #pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Decides what comes after an exit or a failed start. */
  #reconsider(exit: JobExit): void {
    const { settings } = this.inputs;
    if (this.#isRemoving || (settings.isRunOnce && exit.kind !== 'spawn failed')) this.#finish();
    else if (this.#start !== undefined) this.#spawn('non-ipc demand');
    else if (wantsRestart(settings.keepAlive, exit)) this.#spawnWhenAllowed('semaphore');
    else this.#watch();
  }

  #spawnWhenAllowed(cause: string): void {
    const milliseconds = throttleDelay({
      now: this.#host.clock.now(),
      lastStart: this.#lastStart,
      interval: this.inputs.settings.throttleInterval,
      hasFailed: this.#lastExit?.kind === 'spawn failed',
    });
    if (milliseconds === 0) {
      this.#spawn(cause);
      return;
    }
    // launchd's word for a restart that comes too early; a demand that is held back stays a demand.
    const reason = cause === 'semaphore' ? 'inefficient' : cause;
    this.#emit({ kind: 'throttled', milliseconds, reason });
    this.#cancelThrottle = this.#host.clock.schedule(milliseconds, () => this.#spawn(reason));
  }

  #spawn(reason: string): void {
    const { port, clock } = this.#host;
    const { settings, endpoints } = this.inputs;
    this.stopTimers();
    // From here until the process is reaped, waiting clients are its business.
    for (const { descriptor } of endpoints) port.unwatch(descriptor);
    this.#phase = 'spawning';
    this.#runs += 1;
    this.#lastStart = clock.now();
    this.#reason = reason;
    const checkIns = new CheckInWatch(endpoints, port, clock);
    try {
      this.#process = spawnJob(port, settings, endpoints, this.#host.environment(settings));
    } catch (error) {
      this.#spawnFailed(error);
      return;
    }
    this.#phase = 'running';
    this.#host.adopt(this.#process.process, this);
    this.#emit({ kind: 'spawned', pid: this.#pid, run: this.#runs, reason });
    this.#start?.resolve(this.#pid);
    this.#start = undefined;
    this.#checkIns = checkIns;
    checkIns.start(this.#pid, (service) => this.#emit({ kind: 'checked in', pid: this.#pid, service }));
  }

  #spawnFailed(error: unknown): void {
    const reason = spawnFailureText(error, this.inputs.settings.program);
    const exit: JobExit = { kind: 'spawn failed', reason };
    this.#phase = 'idle';
    this.#lastExit = exit;
    this.#emit({ kind: 'spawn failed', run: this.#runs, reason });
    this.#host.logger.error(`job ${this.inputs.settings.label} ${describeExit(exit)}`);
    const what = `could not be started: ${reason}`;
    const hint = 'Check the program, its working directory and its Standard…Path files.';
    this.#start?.reject(
      jobError('ERR_LAUNCHD_SPAWN', this.inputs.target, what, hint, { details: { reason }, cause: error }),
    );
    this.#start = undefined;
    this.#reconsider(exit);
  }

  #terminate(): void {
    if (this.#process === undefined || this.#phase === 'exiting') return;
    const { process, pid } = this.#process;
    this.#phase = 'exiting';
    this.#emit({ kind: 'exiting', pid });
    this.#host.port.signal(process, SIGTERM, false);
    const { exitTimeout } = this.inputs.settings;
    if (exitTimeout === 0) return;
    this.#cancelKill = this.#host.clock.schedule(exitTimeout, () => {
      this.#host.logger.warn(`job ${this.inputs.settings.label} ignores SIGTERM and is killed`, { pid });
      this.#host.port.signal(process, SIGKILL, false);
    });
  }

  #finish(): void {
    this.#isRemoving = true;
    this.#phase = 'removed';
    this.stopTimers();
    this.#host.release(this);
    this.#start?.reject(
      jobError('ERR_LAUNCHD_NOT_LOADED', this.inputs.target, 'was unloaded', 'Load it again.'),
    );
    this.#start = undefined;
    this.#emit({ kind: 'removed' });
    this.#removal.resolve();
  }

  #watch(): void {
    for (const { descriptor } of this.inputs.endpoints) this.#host.port.watch(descriptor);
  }

  #emit(transition: JobStep): void {
    this.#host.emit({ target: this.inputs.target, label: this.inputs.settings.label, ...transition });
  }
}
