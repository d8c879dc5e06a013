/** `launchport stats`: what running containers use. */
import { delay, isLaunchportError } from '../../base/index.js';
import type { ContainerStats } from '../../compat/index.js';
import { assertContainerId } from '../../plugin/index.js';
import { noContainer } from '../containers/failure.js';
import { type ServerOptions, type Services, withServices } from '../containers/server.js';
import { sizeText } from '../containers/sizes.js';
import { isRunning } from '../containers/snapshot.js';
import type { CliContext } from '../context.js';
import { type FormatOptions, wantsJson } from '../output/json.js';
import { writePaced } from '../output/line.js';
import { writeTable } from '../output/table.js';

/** Options of `stats`. */
export interface StatsOptions extends FormatOptions, ServerOptions {
  readonly stream: boolean;
  /** Seconds. */
  readonly interval: number;
}

/** What one container used between two looks. */
interface Usage extends ContainerStats {
  /** 100 is one core; absent when the runtime does not tell. */
  readonly cpuPercent?: number;
}

interface Sample {
  readonly at: number;
  readonly stats: ReadonlyMap<string, ContainerStats>;
}

/** The screen from its top, empty. */
const CLEAR = '\u001b[H\u001b[J';

/**
 * Writes a table, or with JSON one array a line, after each interval until the user interrupts; once without `stream`.
 * @throws LaunchportError ERR_CONTAINER_NOT_FOUND for a name that is none
 */
export async function containerStats(
  context: CliContext,
  names: readonly string[],
  options: StatsOptions,
): Promise<void> {
  for (const name of names) assertContainerId(name);
  await withServices(context, options, async (services) => {
    let before = await sample(services, names);
    for (;;) {
      try {
        await delay(options.interval * 1000, context.signal);
        const now = await sample(services, names);
        await show(context, options, usage(before, now));
        before = now;
      } catch (error) {
        // To interrupt is the way to end it.
        if (options.stream && context.signal.aborted) return;
        throw error;
      }
      if (!options.stream) return;
    }
  });
}

async function sample({ containers, wait }: Services, names: readonly string[]): Promise<Sample> {
  const all = await containers.list(names.length > 0 ? { ids: [...names] } : {}, wait);
  for (const name of names) {
    if (!all.some(({ configuration }) => configuration.id === name)) throw noContainer(name);
  }
  const at = performance.now();
  const running = all.filter(isRunning).map(({ configuration }) => configuration.id);
  const stats = await Promise.all(
    running.map(async (id) => {
      try {
        return await containers.stats(id, wait);
      } catch (error) {
        // It has ended meanwhile.
        if (isLaunchportError(error, 'ERR_REMOTE')) return undefined;
        throw error;
      }
    }),
  );
  return { at, stats: new Map(stats.flatMap((each) => (each === undefined ? [] : [[each.id, each]]))) };
}

function usage(before: Sample, now: Sample): readonly Usage[] {
  const passed = Math.max(now.at - before.at, 1);
  return [...now.stats.values()]
    .map((stats) => {
      const { cpuUsageUsec: used } = stats;
      const earlier = before.stats.get(stats.id)?.cpuUsageUsec;
      if (used === undefined || earlier === undefined) return stats;
      return { ...stats, cpuPercent: Math.max(used - earlier, 0) / passed / 10 };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function show(context: CliContext, options: StatsOptions, rows: readonly Usage[]): Promise<void> {
  if (wantsJson(options)) return writePaced(context, `${JSON.stringify(rows)}\n`);
  if (options.stream && context.columns !== undefined) context.stdout.write(CLEAR);
  const pair = (a: number | undefined, b: number | undefined) => `${text(a)} / ${text(b)}`;
  writeTable(
    context,
    [
      { heading: 'ID', cell: ({ id }) => id },
      {
        heading: 'CPU %',
        cell: ({ cpuPercent }) => (cpuPercent === undefined ? '-' : `${cpuPercent.toFixed(2)}%`),
      },
      { heading: 'MEMORY USAGE', cell: (row) => pair(row.memoryUsageBytes, row.memoryLimitBytes) },
      { heading: 'NET RX/TX', cell: (row) => pair(row.networkRxBytes, row.networkTxBytes) },
      { heading: 'BLOCK I/O', cell: (row) => pair(row.blockReadBytes, row.blockWriteBytes) },
      { heading: 'PIDS', cell: ({ numProcesses }) => String(numProcesses ?? '-') },
    ],
    rows,
  );
}

function text(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  return Number.isFinite(bytes) ? sizeText(bytes) : 'no limit';
}
