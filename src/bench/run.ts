/** Runs a benchmark: makes a plan, measures it round by round, all participants in turn, and writes down what came of it. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortedError, removeTree } from '../base/index.js';
import { describeEnvironment } from './environment.js';
import type { BenchReport, Series, Skipped } from './model.js';
import { BENCH_GROUPS, type BenchOptions, type Effort, type ProgressListener } from './options.js';
import { openParticipants, type Participants } from './participants.js';
import { findPinning } from './pinning.js';
import { makePlan } from './plan.js';
import { measureRounds } from './rounds.js';
import { makeRows } from './rows.js';
import { measureStartup } from './startup/measure.js';

const DEFAULTS = {
  full: { rounds: 5, clients: 8, connections: 1000 },
  quick: { rounds: 2, clients: 4, connections: 300 },
} as const;

/**
 * Measures what is asked for. What cannot be measured here, or fails, is in `skipped`. Everything that was started has
 * ended, and the temporary directory is gone, when it settles.
 * @throws LaunchportError ERR_ABORTED; ERR_ADDON_NOT_FOUND
 */
export async function runBenchmark(
  options: BenchOptions,
  progress: ProgressListener,
  signal: AbortSignal,
): Promise<BenchReport> {
  const { effort = 'full', only = BENCH_GROUPS, environment = process.env } = options;
  const defaults = DEFAULTS[effort];
  const { rounds = defaults.rounds, clients = defaults.clients } = options;
  if (signal.aborted) throw abortedError('the benchmark', signal);
  const about = describeEnvironment();
  const skipped: Skipped[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'lp-bench-'));
  try {
    const { pinning, reason } = await findPinning(environment, signal);
    if (reason !== undefined) skipped.push({ name: 'pinning', reason });
    await using participants = await openParticipants(
      { directory, environment, pinning, effort, hasPeers: options.hasPeers ?? false, skipped },
      progress,
      signal,
    );
    const plan = makePlan({
      groups: only,
      effort,
      placements: pinning.placements,
      clients,
      connections: defaults.connections,
      hasDirect: process.platform !== 'darwin',
    });
    const series = [
      ...(await measureRounds({ plan, rounds, participants, skipped }, progress, signal)),
      ...(only.includes('startup')
        ? await startupSeries({ directory, effort, rounds, participants, skipped }, progress, signal)
        : []),
    ];
    return {
      version: 1,
      createdAt: new Date().toISOString(),
      environment: { ...about, versions: participants.versions },
      method: { rounds, effort, isPinned: pinning.same !== undefined },
      rows: makeRows(series),
      series,
      skipped,
    };
  } catch (error) {
    if (signal.aborted) throw abortedError('the benchmark', signal);
    throw error;
  } finally {
    await removeTree(directory);
  }
}

/** What is measured about starting: not in rounds with the rest, for nothing else may start meanwhile. */
async function startupSeries(
  options: {
    readonly directory: string;
    readonly effort: Effort;
    readonly rounds: number;
    readonly participants: Participants;
    readonly skipped: Skipped[];
  },
  progress: ProgressListener,
  signal: AbortSignal,
): Promise<readonly Series[]> {
  const { effort, rounds, skipped } = options;
  const { floor, environment } = options.participants;
  const directory = join(options.directory, 'startup');
  await mkdir(directory);
  const measured = await measureStartup(
    { effort, rounds, directory, environment, ...(floor === undefined ? {} : { floor }) },
    (what) => progress({ what }),
    signal,
  );
  skipped.push(...measured.skipped);
  return measured.series;
}
