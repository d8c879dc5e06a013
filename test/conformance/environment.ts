/** What the conformance suite needs of an implementation of the binding, besides the binding. */
import type { Binding, NamedTarget, SpawnOptions } from '../../src/native/index.js';

/** A job to spawn, all but its listeners. */
export type JobOptions = Omit<SpawnOptions, 'listeners'>;

/** Made anew for each test. */
export interface ConformanceEnvironment {
  readonly binding: Binding;
  /** Longest body that the implementation sends, in bytes. */
  readonly maxBodyBytes: number;
  /** A target of this name, where nothing listens unless the test makes it so. */
  target(name: string): NamedTarget;
  /** How to run `runJob` of job.js with these arguments in a process of its own. Absent where there is no supervisor. */
  job?(...args: readonly string[]): JobOptions;
  /** Kills a job that no supervisor port knows any more. */
  kill?(pid: number): void;
  /** The binding of a process of another user. Absent where a test cannot be two users. */
  stranger?(): Binding;
  close(): void | Promise<void>;
}
