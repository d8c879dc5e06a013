/** What a benchmark can be asked for, and what it tells while it runs. */

/** Everything there is to measure, in its order. */
export const BENCH_GROUPS = [
  'latency',
  'throughput',
  'payload',
  'fan-in',
  'fan-out',
  'connections',
  'dispatch-queue',
  'startup',
] as const;

export type BenchGroup = (typeof BENCH_GROUPS)[number];

/** `quick` measures little and seldom: to see that it works. */
export type Effort = 'full' | 'quick';

/** How a benchmark is run; everything has a default. */
export interface BenchOptions {
  /** Times that everything is measured, in fresh processes; default 5, or 2 of `quick`. */
  readonly rounds?: number;
  /** Default `full`. */
  readonly effort?: Effort;
  /** Default all. */
  readonly only?: readonly BenchGroup[];
  /** Whether other ways to talk take part, which are installed if need be. Default false. */
  readonly hasPeers?: boolean;
  /** Client processes of the fan-in; default 8, or 4 of `quick`. */
  readonly clients?: number;
  /** Default that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Where a benchmark is. */
export interface BenchProgress {
  /** What is being done now. */
  readonly what: string;
  /** Steps that are done, of how many; absent before the number is known. */
  readonly step?: number;
  readonly steps?: number;
  /** From 1. */
  readonly round?: number;
  readonly rounds?: number;
}

export type ProgressListener = (progress: BenchProgress) => void;
