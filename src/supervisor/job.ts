/** One job: its state machine, from loaded to removed. Every change of state happens here. */
import type { JobExit, JobStatus, JobSummary } from '../launchd/index.js';
import type { SpawnedProcess } from '../native/index.js';
import { CheckInWatch } from './check-in.js';
import { processExit } from './exit-status.js';
import { isWanted } from './job-conditions.js';
import { jobError, logExit, spawnError } from './job-error.js';
import { JobHistory, type JobRecord } from './job-history.js';
import type { JobHost, JobInputs } from './job-host.js';
import { JobRun } from './job-run.js';
import { dropServices, unwatchServices, watchServices } from './job-services.js';
import { type JobFacts, type JobPhase, renderStatus, renderSummary, stateOf } from './job-status.js';
import { JobTriggers } from './job-triggers.js';
import { type Settled, settled } from './settled.js';
import { spawnFailureText, spawnJob } from './spawn.js';
import type { JobStep } from './transition.js';

/** launchd's word for a start that KeepAlive asks for. */
const KEPT_ALIVE = 'semaphore';

/** A loaded job. All methods are synchronous; what takes time is returned as a promise with no deadline of its own. */
export class Job {
  readonly inputs: JobInputs;
  readonly #host: JobHost;
  readonly #history: JobHistory;
  readonly #removal = settled<void>();
  #phase: JobPhase = 'idle';
  #run: JobRun | undefined;
  #isRemoving = false;
  /** A start was asked for by name; its callers wait here. */
  #start: Settled<number> | undefined;
  #cancelThrottle: (() => void) | undefined;
  #triggers: JobTriggers | undefined;

  constructor(inputs: JobInputs, host: JobHost) {
    this.inputs = inputs;
    this.#host = host;
    this.#history = new JobHistory(host.clock);
  }

  /** Being booted out: it takes no more orders, and its label is not free yet. */
  get isRemoving(): boolean {
    return this.#isRemoving;
  }

  /** It has a process. */
  get isActive(): boolean {
    return this.#run !== undefined;
  }

  /** Resolves when the job is gone. */
  get removed(): Promise<void> {
    return this.#removal.promise;
  }

  /** Enters service: starts if the definition says so, else waits for a client, a time or a change. */
  load(): void {
    this.#enter();
    if (this.inputs.settings.isStartedAtLoad) this.#spawn('speculative');
    else this.#settle();
  }

  /**
   * Enters service, instead of {@link Job.load}, where another supervisor left it: with its process, if that still
   * runs, which must be known to the port. RunAtLoad does not count again.
   */
  restore(record: JobRecord, process?: SpawnedProcess): void {
    const { port, clock } = this.#host;
    this.#history.restore(record);
    this.#enter();
    if (process === undefined) this.#settle();
    else this.#running(process, new CheckInWatch(this.inputs.endpoints, port, clock, true));
  }

  /** What {@link Job.restore} needs of it. */
  record(): JobRecord {
    return this.#history.record();
  }

  /** A client waits on one of the services. */
  demand(): void {
    this.#trigger('ipc (mach)');
  }

  /** A path or another job that KeepAlive is about changed. */
  conditionsChanged(): void {
    if (this.#isWanted()) this.#trigger(KEPT_ALIVE);
  }

  /**
   * Starts the job now, whatever its throttle; with `isKilling` a running process is ended first. Callers that come
   * while one start is under way share it. Resolves to the pid.
   */
  kickstart(isKilling: boolean): Promise<number> {
    if (this.#isRemoving)
      throw jobError('ERR_LAUNCHD_BUSY', this.inputs.target, 'is being unloaded', 'Load it again.');
    if (this.#phase === 'running' && this.#run !== undefined && !isKilling)
      return Promise.resolve(this.#run.pid);
    this.#start ??= settled();
    const { promise } = this.#start;
    if (this.#run !== undefined) this.#terminate();
    else this.#spawn('non-ipc demand');
    return promise;
  }

  /** Sends a signal to the process. */
  signal(signal: number): void {
    if (this.#run?.signal(signal) === true) return;
    throw jobError('ERR_LAUNCHD_STATE', this.inputs.target, 'has no process', 'Kickstart it first.');
  }

  /** Ends the process and removes the job; resolves when both are gone. Idempotent. */
  remove(): Promise<void> {
    if (this.#phase !== 'removed') {
      this.#isRemoving = true;
      if (this.#run === undefined) this.#finish();
      else this.#terminate();
    }
    return this.removed;
  }

  /** Ends the process and its group with no time to prepare. For the end of the host and of its patience. */
  killNow(): void {
    this.#run?.killNow();
  }

  /** Cancels whatever was to happen later, for good. */
  stopTimers(): void {
    this.#endThrottle();
    this.#run?.stopTimers();
    this.#triggers?.stop();
  }

  /** The process ended. Its handle is still good for its group. */
  exited(exitCode: number, signal: number): void {
    if (this.#run === undefined) return;
    const run = this.#run;
    const { pid } = run;
    const checkedIn = [...run.checkedIn()];
    run.endGroup();
    run.stopTimers();
    const wasAsked = this.#phase === 'exiting';
    this.#run = undefined;
    this.#phase = 'idle';
    const exit = processExit(exitCode, signal);
    this.#history.ended(exit);
    this.#emit({ kind: 'exited', pid, run: this.#history.runs, exit, checkedIn });
    const isExpected = wasAsked || (exit.kind === 'exited' && exit.code === 0);
    logExit(this.#host, this.inputs, exit, { isExpected, pid, run: this.#history.runs });
    this.#reconsider(exit);
  }

  /** The job as `launchctl print` shows it. */
  status(): JobStatus {
    const checkedIn = this.#run?.checkedIn();
    return renderStatus(this.inputs, { ...this.#facts, checkedIn });
  }

  /** The job as `launchctl list` shows it. */
  summary(): JobSummary {
    return renderSummary(this.inputs, this.#facts);
  }

  get #facts(): JobFacts {
    return {
      state: stateOf(this.#phase, this.#cancelThrottle !== undefined),
      pid: this.#run?.pid,
      runs: this.#history.runs,
      lastExit: this.#history.lastExit,
      reason: this.#history.reason,
    };
  }

  #enter(): void {
    this.#emit({ kind: 'loaded', services: this.inputs.endpoints.map(({ name }) => name) });
    this.#triggers = new JobTriggers(this.inputs.settings, this.#host.clock, {
      fire: (cause) => this.#trigger(cause),
      conditionsChanged: () => this.conditionsChanged(),
    });
  }

  /** Only an idle job with no start ahead takes notice: what comes while it runs is skipped, or found at its end. */
  #trigger(cause: string): void {
    if (this.#phase === 'idle' && this.#cancelThrottle === undefined) this.#spawnWhenAllowed(cause);
  }

  /** Decides what comes after an exit or a failed start. */
  #reconsider(exit: JobExit): void {
    if (this.#isRemoving || (this.inputs.settings.isRunOnce && exit.kind !== 'spawn failed')) {
      this.#finish();
      return;
    }
    dropServices(this.inputs, this.#host);
    if (this.#start !== undefined) this.#spawn('non-ipc demand');
    else this.#settle();
  }

  /** Starts again if KeepAlive wants it, else waits. */
  #settle(): void {
    if (this.#isWanted()) this.#spawnWhenAllowed(KEPT_ALIVE);
    else watchServices(this.inputs, this.#host);
  }

  /** KeepAlive as things stand, the last exit included. */
  #isWanted(): boolean {
    return isWanted(this.inputs, this.#history, this.#host);
  }

  #spawnWhenAllowed(cause: string): void {
    const milliseconds = this.#history.pause(this.inputs.settings.throttleInterval);
    if (milliseconds === 0) {
      this.#spawn(cause);
      return;
    }
    // launchd's word for a restart that comes too early; a demand that is held back stays a demand.
    const reason = cause === KEPT_ALIVE ? 'inefficient' : cause;
    this.#emit({ kind: 'throttled', milliseconds, reason });
    this.#cancelThrottle = this.#host.clock.schedule(milliseconds, () => {
      this.#cancelThrottle = undefined;
      // The path or the job it was for may be gone by now.
      if (cause === KEPT_ALIVE && !this.#isWanted()) watchServices(this.inputs, this.#host);
      else this.#spawn(reason);
    });
  }

  #endThrottle(): void {
    this.#cancelThrottle?.();
    this.#cancelThrottle = undefined;
  }

  #spawn(reason: string): void {
    const { endpoints } = this.inputs;
    this.#endThrottle();
    // From here until the process is reaped, waiting clients are its business.
    unwatchServices(this.inputs, this.#host);
    this.#phase = 'spawning';
    this.#history.started(reason);
    const checkIns = new CheckInWatch(endpoints, this.#host.port, this.#host.clock);
    let process: SpawnedProcess;
    try {
      process = spawnJob(this.#host, this.inputs, () => this.record());
    } catch (error) {
      this.#spawnFailed(error);
      return;
    }
    this.#emit({ kind: 'spawned', pid: process.pid, run: this.#history.runs, reason });
    this.#running(process, checkIns);
  }

  #running(process: SpawnedProcess, checkIns: CheckInWatch): void {
    const run = new JobRun(process, checkIns, this.inputs, this.#host);
    this.#phase = 'running';
    this.#run = run;
    this.#host.adopt(process.process, this);
    this.#start?.resolve(run.pid);
    this.#start = undefined;
    run.follow((service) => this.#emit({ kind: 'checked in', pid: run.pid, service }));
  }

  #spawnFailed(error: unknown): void {
    const reason = spawnFailureText(error, this.inputs.settings.program);
    const exit: JobExit = { kind: 'spawn failed', reason };
    this.#phase = 'idle';
    this.#history.ended(exit);
    this.#emit({ kind: 'spawn failed', run: this.#history.runs, reason });
    logExit(this.#host, this.inputs, exit, { run: this.#history.runs });
    this.#start?.reject(spawnError(this.inputs.target, reason, error));
    this.#start = undefined;
    this.#reconsider(exit);
  }

  #terminate(): void {
    if (this.#run === undefined || this.#phase === 'exiting') return;
    this.#phase = 'exiting';
    this.#emit({ kind: 'exiting', pid: this.#run.pid });
    this.#run.terminate();
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

  #emit(transition: JobStep): void {
    this.#host.emit({ target: this.inputs.target, label: this.inputs.settings.label, ...transition });
  }
}
