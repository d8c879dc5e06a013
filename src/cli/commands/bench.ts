/** `launchport bench`: the benchmark, as a table, as JSON and as a page. */

import { printable } from '../../base/index.js';
import {
  type BenchGroup,
  type BenchProgress,
  type BenchReport,
  type BenchRow,
  runBenchmark,
} from '../../bench/index.js';
import { ProgressLine } from '../containers/progress-line.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';
import { type Column, writeTable } from '../output/table.js';
import { pagePath, readReport, writePage } from './bench-files.js';

/** Options of `bench`. */
export interface BenchCommandOptions extends GlobalOptions {
  readonly only?: readonly BenchGroup[];
  readonly quick?: boolean;
  readonly rounds?: number;
  readonly clients?: number;
  readonly peers?: boolean;
  readonly report?: string;
  readonly from?: string;
}

/** Milliseconds between two drawings of how long it has taken. */
const TICK_MS = 1000;

/** Measures, or reads what was measured, and tells. @throws ExitStatus 1 when something that was tried failed */
export async function bench(context: CliContext, options: BenchCommandOptions): Promise<void> {
  const page = options.report === undefined ? undefined : await pagePath(context, options.report);
  const report =
    options.from === undefined ? await measure(context, options) : await readReport(context, options.from);
  if (options.json) writeJson(context, report);
  else writeReport(context, report);
  if (page !== undefined) {
    await writePage(page, report);
    context.stderr.write(`The page is ${printable(page)}\n`);
  }
  if (options.from === undefined && report.skipped.some(({ isFailure }) => isFailure === true))
    throw new ExitStatus(1);
}

async function measure(context: CliContext, options: BenchCommandOptions): Promise<BenchReport> {
  const start = performance.now();
  let now: BenchProgress = { what: 'looking around' };
  using line = new ProgressLine(context, 'auto');
  const draw = () => line.show(progressOf(now, performance.now() - start));
  const timer = setInterval(draw, TICK_MS);
  try {
    return await runBenchmark(
      {
        effort: options.quick ? 'quick' : 'full',
        hasPeers: options.peers ?? false,
        environment: context.environment,
        ...(options.only === undefined ? {} : { only: options.only }),
        ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
        ...(options.clients === undefined ? {} : { clients: options.clients }),
      },
      (progress) => {
        now = progress;
        draw();
      },
      context.signal,
    );
  } finally {
    clearInterval(timer);
  }
}

function progressOf({ what, step, steps, round, rounds }: BenchProgress, elapsed: number) {
  const seconds = `${Math.floor(elapsed / 1000)} s`;
  return {
    description: what,
    subDescription: round === undefined ? `(${seconds})` : `(round ${round}/${rounds}, ${seconds})`,
    ...(steps === undefined ? {} : { tasks: (step ?? 0) + 1, totalTasks: steps }),
  };
}

const COLUMNS: readonly Column<BenchRow>[] = [
  { heading: 'WORK', cell: ({ name }) => name },
  { heading: 'VALUE', cell: ({ value, unit }) => `${figure(value)} ${unit === 'ratio' ? '×' : unit}` },
  { heading: 'ROUNDS', cell: ({ spread: [min, max] }) => `${figure(min)}–${figure(max)}` },
  { heading: 'FLOOR', cell: ({ floor }) => figure(floor) },
  { heading: '× FLOOR', cell: ({ ratioToFloor }) => figure(ratioToFloor) },
  {
    heading: 'BEST PEER',
    cell: ({ bestPeer, bestPeerName }) => (bestPeer === null ? '-' : `${figure(bestPeer)} ${bestPeerName}`),
  },
  { heading: '× PEER', cell: ({ ratioToBestPeer }) => figure(ratioToBestPeer) },
  { heading: 'TARGET', cell: ({ target }) => target ?? '' },
  { heading: '', cell: reachedText },
];

function writeReport(context: CliContext, { environment, method, rows, skipped }: BenchReport): void {
  const { cpu, cores, platform, kernel, node, launchport, load } = environment;
  context.stdout.write(
    `launchport ${launchport}, Node ${node}, ${platform} ${kernel}, ${printable(cpu)}, ${cores} cores, load ${load}\n` +
      `medians of ${method.rounds} rounds in new processes, ${method.isPinned ? 'pinned' : 'not pinned'}\n\n`,
  );
  const hasPeers = rows.some(({ bestPeer }) => bestPeer !== null);
  const columns = COLUMNS.filter(({ heading }) => hasPeers || !heading.includes('PEER'));
  writeTable(context, columns, rows);
  if (skipped.length > 0) context.stdout.write('\n');
  for (const { name, reason, isFailure } of skipped) {
    context.stdout.write(`${isFailure ? 'FAILED' : 'skipped'}: ${printable(name)}: ${printable(reason)}\n`);
  }
}

function reachedText({ target, isReached }: BenchRow): string {
  if (target === null) return '';
  return isReached === null ? 'cannot be told' : isReached ? 'reached' : 'MISSED';
}

/** Three digits that count; `-` for none. */
function figure(value: number | null): string {
  if (value === null) return '-';
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  return value.toPrecision(3);
}
