/** One run of a job: its process, what it has taken, and how it is made to end. */
import { constants } from 'node:os';
import type { SpawnedProcess } from '../native/index.js';
import type { CheckInWatch } from './check-in.js';
import type { JobHost, JobInputs } from './job-host.js';
import { revealService } from './job-services.js';

const { SIGKILL, SIGTERM } = constants.signals;

/** A process of a job, from its start until it is reaped. */
export class JobRun {
  readonly process: SpawnedProcess;
  readonly #inputs: JobInputs;
  readonly #host: JobHost;
  readonly #checkIns: CheckInWatch;
  #cancelKill: (() => void) | undefined;

  constructor(process: SpawnedProcess, checkIns: CheckInWatch, inputs: JobInputs, host: JobHost) {
    this.process = process;
    this.#checkIns = checkIns;
    this.#inputs = inputs;
    this.#host = host;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Looks for check-ins from now on; `onCheckIn` is called once per service, which is then found by everybody. */
  follow(onCheckIn: (service: string) => void): void {
    this.#checkIns.start(this.pid, (service) => {
      revealService(service, this.#inputs, this.#host);
      onCheckIn(service);
    });
  }

  /** The services it has taken, looked up now. */
  checkedIn(): ReadonlySet<string> {
    return this.#checkIns.refresh();
  }

  /** False when it is gone. */
  signal(signal: number): boolean {
    return this.#host.port.signal(this.process.process, signal, false);
  }

  /** SIGTERM now, SIGKILL after ExitTimeOut. */
  terminate(): void {
    this.signal(SIGTERM);
    const { exitTimeout, label } = this.#inputs.settings;
    if (exitTimeout === 0) return;
    this.#cancelKill = this.#host.clock.schedule(exitTimeout, () => {
      this.#host.logger.warn(`job ${label} ignores SIGTERM and is killed`, { pid: this.pid });
      this.signal(SIGKILL);
    });
  }

  /** Ends the process and its group with no time to prepare. */
  killNow(): void {
    if (!this.#inputs.settings.isGroupAbandoned) this.#signalGroup(SIGKILL);
    this.signal(SIGKILL);
  }

  /** The process ended, and its handle is still good: what remains of its group is asked to end too. */
  endGroup(): void {
    if (!this.#inputs.settings.isGroupAbandoned) this.#signalGroup(SIGTERM);
  }

  /** Cancels whatever was to happen later. */
  stopTimers(): void {
    this.#cancelKill?.();
    this.#cancelKill = undefined;
    this.#checkIns.stop();
  }

  #signalGroup(signal: number): void {
    this.#host.port.signal(this.process.process, signal, true);
  }
}
