/** What the conformance suite needs of an implementation of the binding, besides the binding. */
import type { Binding, NamedTarget, SpawnOptions } from '../../src/native/index.js';

/** A job to spawn, all but its listeners. */
export type JobOptions = Omit<SpawnOptions, 'listeners'>;

/** Descriptors of this process. */
export interface ConformanceFiles {
  /** Opens a file that no other descriptor has. */
  open(): number;
  close(descriptor: number): void;
  /** Whether two descriptors are open, and of one file. */
  isSame(first: number, second: number): boolean;
  isCloseOnExec(descriptor: number): boolean;
  /** How many descriptors are open. In the mock also memories, which elsewhere take a descriptor each. */
  count(): number;
  /** What they are, for the message of a test that fails. */
  list?(): readonly string[];
}

/** Made anew for each test. */
export interface ConformanceEnvironment {
  readonly binding: Binding;
  readonly files: ConformanceFiles;
  /** The path of this process's program, as an `executables` requirement sees it. */
  readonly executable: string;
  /** Longest body that the implementation sends, in bytes. */
  readonly maxBodyBytes: number;
  /** A target of this name, where nothing listens unless the test makes it so. */
  target(name: string): NamedTarget;
  /** The path of a job's program, as an `executables` requirement sees it. Absent as `job` is. */
  readonly jobExecutable?: string;
  /** How to run `runJob` of job.js with these arguments in a process of its own. Absent where there is no supervisor. */
  job?(...args: readonly string[]): JobOptions;
  /** Kills a job that no supervisor port knows any more. */
  kill?(pid: number): void;
  /**
   * Whether handlers run while JavaScript does, so that what JavaScript says may cross what has happened. False when
   * absent.
   */
  readonly isConcurrent?: boolean;
  /** Resolves when all handlers of this process rest. Absent where turns of the loop are enough. */
  settle?(): Promise<void>;
  /** Whether this process says that it is busy. Absent where nobody can tell. */
  isBusy?(): boolean;
  /** The binding of a process of another user. Absent where a test cannot be two users. */
  stranger?(): Binding;
  close(): void | Promise<void>;
}
