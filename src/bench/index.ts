/** The benchmark: launchport, a floor in C and other ways to talk, doing the same work in one run. */
export type {
  BenchEnvironment,
  BenchMethod,
  BenchReport,
  BenchRow,
  LatencyBucket,
  LatencySummary,
  Placement,
  Series,
  Skipped,
  Unit,
} from './model.js';
export { isLessBetter } from './model.js';
export {
  BENCH_GROUPS,
  type BenchGroup,
  type BenchOptions,
  type BenchProgress,
  type Effort,
  type ProgressListener,
} from './options.js';
export { parseReport, renderReport } from './report/index.js';
export { runBenchmark } from './run.js';
