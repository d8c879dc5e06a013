/** Types of job.js. */
import type { Binding } from '../../src/native/index.js';

/** What a job tells about itself. */
export interface JobFacts {
  readonly pid: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The answer to each request. */
export interface JobReport extends JobFacts {
  /** How many descriptors it has open, counted as `ConformanceFiles.count` does. */
  readonly descriptors: number;
  readonly openTokens: number;
  readonly rights: number;
  /** Bytes of memory that it has in use; of a real process. */
  readonly rss?: number;
  /** Names whose listener became invalid. */
  readonly invalid: readonly string[];
}

export interface JobHost {
  readonly args: readonly string[];
  readonly facts: JobFacts;
  readonly binding: Binding;
  countDescriptors(): number;
  rss?(): number;
  onSignal(signal: 'SIGTERM', listener: () => void): void;
  exit(exitCode: number): void;
}

export function runJob(host: JobHost): void;
