/** One container in the server's memory. */
import type {
  Attachment,
  ContainerConfiguration,
  ContainerCreateOptions,
  ContainerSnapshot,
} from '../compat/index.js';
import type { ContainerDetails, Problem } from '../harness/index.js';
import { routeError } from '../routes/index.js';
import type { RuntimeSession } from './runtime-session.js';

/** How a container's command ended; `code` is absent when nobody saw it. */
export interface ContainerExit {
  /** 0 to 255; 128 and the number for a signal. */
  readonly code?: number;
  readonly at: Date;
}

/** One run of a container, from its bootstrap to its end. */
export interface ContainerRun {
  readonly session: RuntimeSession;
  /** Settles with the end of the run; never rejects. */
  readonly ended: Promise<ContainerExit>;
  /** Its runtime is being put away. */
  isEnding: boolean;
  end(exit: ContainerExit): void;
}

/** What is known of a container's files. */
export interface ContainerRecord {
  readonly id: string;
  readonly directory: string;
  readonly configuration: ContainerConfiguration;
  readonly options: ContainerCreateOptions;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly exit?: ContainerExit;
}

/** A container whose files can be read. Changed by the services only, under the container's lock. */
export class ContainerEntry {
  readonly id: string;
  readonly directory: string;
  readonly createdAt: Date;
  readonly options: ContainerCreateOptions;
  configuration: ContainerConfiguration;
  status: ContainerSnapshot['status'] = 'stopped';
  networks: readonly Attachment[] = [];
  startedAt: Date | undefined;
  exit: ContainerExit | undefined;
  problem: Problem | undefined;
  run: ContainerRun | undefined;
  /** `creating`: its files are not complete yet. `removing`: they are going. */
  phase: 'creating' | 'ready' | 'removing' = 'ready';
  /** While the server finds out whether it still runs; never rejects. */
  restoring: Promise<void> | undefined;
  /** Process of the runtime, as it was last seen. */
  pid: number | undefined;

  constructor(record: ContainerRecord) {
    this.id = record.id;
    this.directory = record.directory;
    this.createdAt = record.createdAt;
    this.configuration = record.configuration;
    this.options = record.options;
    this.startedAt = record.startedAt;
    this.exit = record.exit;
  }

  get autoRemove(): boolean {
    return this.options.autoRemove;
  }

  /**
   * The session of its runtime.
   * @throws LaunchportError, code `invalidState` on the wire, with upstream's words when there is none
   */
  session(): RuntimeSession {
    if (this.run?.isEnding === false) return this.run.session;
    const reason = this.status === 'stopped' ? ': container is stopped' : '';
    const hint = this.problem?.message ?? `Start it: launchport start ${this.id}`;
    throw routeError('invalidState', `no runtime client exists${reason}`, { hint });
  }

  snapshot(): ContainerSnapshot {
    return {
      configuration: this.configuration,
      status: this.status,
      networks: [...this.networks],
      ...(this.startedAt === undefined ? {} : { startedDate: this.startedAt }),
    };
  }

  details(): ContainerDetails {
    const { exit, problem, run } = this;
    return {
      id: this.id,
      status: this.status,
      runtime: this.configuration.runtimeHandler,
      directory: this.directory,
      createdAt: this.createdAt.toISOString(),
      ...(this.startedAt === undefined ? {} : { startedAt: this.startedAt.toISOString() }),
      ...(exit === undefined ? {} : { exit: exitJson(exit) }),
      autoRemove: this.autoRemove,
      ...(run === undefined ? {} : { label: run.session.instance.label }),
      ...(run === undefined || this.pid === undefined ? {} : { pid: this.pid }),
      ...(problem === undefined ? {} : { problem }),
    };
  }
}

/** A container directory whose files cannot be read: it is listed among the details, and can be deleted. */
export interface BrokenContainer {
  readonly id: string;
  readonly directory: string;
  readonly problem: Problem;
}

/** An exit as it is stored and sent. */
export function exitJson({ code, at }: ContainerExit): { code?: number; at: string } {
  return { ...(code === undefined ? {} : { code }), at: at.toISOString() };
}
