/** What a job is made of, and what it needs from its supervisor. */
import type { Logger } from '../base/index.js';
import type { JobDefinition, ServiceTarget } from '../launchd/index.js';
import type { Handle, SupervisorPort } from '../native/index.js';
import type { Clock } from './clock.js';
import type { JobRecord } from './job-history.js';
import type { JobSettings } from './job-settings.js';
import type { ServiceEndpoint, ServiceRegistry } from './service-registry.js';
import type { JobTransition } from './transition.js';

/** What a supervisor needs of a job that calls it. */
export interface HostedJob {
  readonly inputs: JobInputs;
  exited(exitCode: number, signal: number): void;
}

/** Keeps what the next supervisor needs to go on with the jobs. Nothing of it throws. */
export interface JobJournal {
  /** A job is about to enter service. */
  load(target: ServiceTarget, path: string, definition: JobDefinition): void;
  /** Its new process waits to execute. */
  forked(target: ServiceTarget, record: JobRecord, pid: number): void;
}

/** What a job needs from its supervisor. */
export interface JobHost {
  readonly port: SupervisorPort;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent where jobs end with their supervisor. */
  readonly journal?: JobJournal;
  readonly services: Pick<ServiceRegistry, 'reveal' | 'conceal' | 'reset'>;
  /** The whole environment of the job's process. */
  environment(settings: JobSettings): readonly string[];
  /** Exits of this process are for the job from now on. */
  adopt(process: Handle, job: HostedJob): void;
  /** Must not call back into the job. */
  emit(transition: JobTransition): void;
  /** The job is over: its label and its services are to be freed. */
  release(job: HostedJob): void;
  /** Whether a job is loaded. */
  isLoaded(target: ServiceTarget): boolean;
  /** Whether a job has a process. */
  isActive(target: ServiceTarget): boolean;
}

/** What a job is made of. */
export interface JobInputs {
  readonly target: ServiceTarget;
  /** The plist. */
  readonly path: string;
  readonly settings: JobSettings;
  readonly endpoints: readonly ServiceEndpoint[];
}
