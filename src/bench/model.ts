/** What a benchmark measures and how its results are written down: the shapes between measuring, table, JSON and report. */

/** Where the two ends run. `unpinned` where the system pins nothing (macOS), or where a row has more than two processes. */
export type Placement = 'same core' | 'split cores' | 'unpinned';

/** What a number counts. Every figure of a series and of a row is in the unit that stands beside it. */
export type Unit = 'µs' | 'ms' | 'messages/s' | 'MB/s' | 'connections/s' | 'KiB' | 'count' | 'ratio';

/** Whether a smaller number is the better one. */
export function isLessBetter(unit: Unit): boolean {
  return unit === 'µs' || unit === 'ms' || unit === 'KiB' || unit === 'count' || unit === 'ratio';
}

/** How often something took how long: samples up to `upTo` µs that are above the bound before. */
export interface LatencyBucket {
  /** Microseconds. */
  readonly upTo: number;
  readonly count: number;
}

/** The distribution of one kind of round trip over all rounds, in microseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Ascending, without the empty ones; about 40 to a factor of ten. */
  readonly buckets: readonly LatencyBucket[];
}

/** One workload over one transport, in fresh processes each round. */
export interface Series {
  /** `launchport`, `launchport (dispatch queue)`, `floor`, `net + msgpackr`, … */
  readonly transport: string;
  /** `latency`, `in flight`, `echo`, `connect`, `cold start`, … */
  readonly workload: string;
  /** Bytes of payload, where it has one. */
  readonly payload?: number;
  /** Requests on their way at a time, where there are several. */
  readonly inFlight?: number;
  readonly placement: Placement;
  readonly unit: Unit;
  /** One value for each round, in the order they were measured; a median within the round where it has many samples. */
  readonly rounds: readonly number[];
  readonly median: number;
  readonly latency?: LatencySummary;
}

/** One line of the table, and one element of `rows` in `--json`. Ratios are value to floor and value to best peer. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  /** The same work by the C program, in the same unit and run; null where there is none. */
  readonly floor: number | null;
  readonly ratioToFloor: number | null;
  /** The best of the peers measured in the same run; null without `--peers` or where none does this. */
  readonly bestPeer: number | null;
  readonly ratioToBestPeer: number | null;
  /** Its name; null with `bestPeer`. */
  readonly bestPeerName: string | null;
  /** Smallest and largest round. */
  readonly spread: readonly [number, number];
  /** What the project aims at, as the table of `docs/performance.md` has it; null where it aims at nothing. */
  readonly target: string | null;
  /** Whether that was reached in this run; null where it cannot be told (no floor, no peers). */
  readonly isReached: boolean | null;
}

/** Something asked for that was not measured, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
  /** It was tried and failed. Without, it was not tried. */
  readonly isFailure?: true;
}

/** The machine and the programs. */
export interface BenchEnvironment {
  readonly platform: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpu: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly node: string;
  readonly launchport: string;
  /** Versions of the peers and of the compiler, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** One-minute load average before the first round. */
  readonly load: number;
}

/** How it was measured. */
export interface BenchMethod {
  readonly rounds: number;
  /** `full` or `quick`. */
  readonly effort: string;
  readonly isPinned: boolean;
}

/** A whole run: what `--json` prints and what the report draws. */
export interface BenchReport {
  readonly version: 1;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly environment: BenchEnvironment;
  readonly method: BenchMethod;
  readonly rows: readonly BenchRow[];
  readonly series: readonly Series[];
  readonly skipped: readonly Skipped[];
}
