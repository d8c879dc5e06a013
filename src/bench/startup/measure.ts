/** Measures starting: plugins on demand, commands, the SDK and the addon, discovery and registration. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtModule, errorText } from '../../base/index.js';
import { addonPaths, searchBinding } from '../../native/index.js';
import { FLOOR, LAUNCHPORT } from '../contender-names.js';
import { EndProcess } from '../end-process.js';
import type { Floor } from '../floor/floor.js';
import type { Series, Skipped, Unit } from '../model.js';
import { medianOf } from '../quantiles.js';
import { writeIdleBundles, writeStartedBundle } from './bundles.js';
import { type CommandPlace, runToEnd } from './commands.js';
import type { StartupOrder, StartupResult } from './order.js';

/** Names of what is measured, as targets know them. */
export const STARTUP = {
  cold: 'cold start',
  version: 'cli --version',
  list: 'cli plugin list, 100 bundles',
  sdk: 'sdk import',
  addon: 'addon load',
  discovery: (count: number) => `discovery, ${count} bundles`,
  registration: (count: number) => `registration, ${count} plugins`,
  idle: 'registration: descriptors per idle service',
} as const;

/** What is measured with. */
export interface StartupOptions {
  readonly effort: 'full' | 'quick';
  readonly rounds: number;
  /** A private one, to fill; whoever made it removes it. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Words before a command that pin it; none by default. */
  readonly prefix?: readonly string[];
  /** For the cost of a start on demand without Node. */
  readonly floor?: Floor;
}

/** Milliseconds for all rounds of one piece of work. */
const TIMEOUT_MS = 300_000;
/** More rounds than elsewhere: each is short, and its spread is large. */
const ROUNDS_FACTOR = 3;
/** Starts on demand by the C program, for its median. */
const ACTIVATIONS = 20;

/** Measures everything about starting. What fails is in `skipped`. @throws LaunchportError ERR_ABORTED */
export async function measureStartup(
  options: StartupOptions,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<{ readonly series: readonly Series[]; readonly skipped: readonly Skipped[] }> {
  const series: Series[] = [];
  const skipped: Skipped[] = [];
  const put = (transport: string, workload: string, unit: Unit, rounds: readonly number[]) =>
    series.push({ transport, workload, placement: 'unpinned', unit, rounds, median: medianOf(rounds) });
  const steps = startupSteps(options, put, signal);
  for (const [name, step] of steps) {
    progress(name);
    try {
      await step();
    } catch (error) {
      signal.throwIfAborted();
      skipped.push({ name, reason: errorText(error) });
    }
  }
  return { series, skipped };
}

type Put = (transport: string, workload: string, unit: Unit, rounds: readonly number[]) => void;

function startupSteps(
  options: StartupOptions,
  put: Put,
  signal: AbortSignal,
): [string, () => Promise<void>][] {
  const { directory, environment, prefix = [], effort } = options;
  const rounds = options.rounds * ROUNDS_FACTOR;
  const place: CommandPlace = { environment, prefix, signal };
  const started = join(directory, 'started');
  const idle = (count: number) => join(directory, `idle-${count}`);
  const work = (order: StartupOrder) => workOf(order, place);
  const sizes = effort === 'full' ? [100, 1000, 10_000] : [100, 1000];
  return [
    ['node and commands', () => measureCommands(idle(100), rounds, place, put)],
    ['the SDK and the addon', () => measureLoads(rounds, place, put)],
    [
      STARTUP.cold,
      async () => {
        await writeStartedBundle(started);
        const order = { directory: join(directory, 'cold'), bundles: started, rounds };
        put(LAUNCHPORT, STARTUP.cold, 'ms', (await work({ work: 'cold start', ...order })).rounds);
        await measureColdFloor(options.floor, rounds, place, put);
      },
    ],
    ...sizes.map((count): [string, () => Promise<void>] => [
      STARTUP.discovery(count),
      async () => {
        if (count !== 100) await writeIdleBundles(idle(count), count);
        const order = { bundles: idle(count), count, rounds: options.rounds };
        put(LAUNCHPORT, STARTUP.discovery(count), 'ms', (await work({ work: 'discovery', ...order })).rounds);
      },
    ]),
    ...[100, 1000].map((count): [string, () => Promise<void>] => [
      STARTUP.registration(count),
      async () => {
        const order = { directory: join(directory, `jobs-${count}`), count, rounds: options.rounds };
        const result = await work({ work: 'registration', ...order });
        put(LAUNCHPORT, STARTUP.registration(count), 'ms', result.rounds);
        if (count === 1000) put(LAUNCHPORT, STARTUP.idle, 'count', [result.descriptors ?? Number.NaN]);
      },
    ]),
  ];
}

/** `node -e 0` is measured between the commands, so that all see the same machine. */
async function measureCommands(
  bundles: string,
  rounds: number,
  place: CommandPlace,
  put: Put,
): Promise<void> {
  await writeIdleBundles(bundles, 100);
  const main = [process.execPath, builtModule('cli/main.js')];
  const times: Record<'node' | 'version' | 'list', number[]> = { node: [], version: [], list: [] };
  const commands = {
    node: [process.execPath, '-e', '0'],
    version: [...main, '--version'],
    list: [...main, 'plugin', 'list', '--plugin-dir', bundles],
  };
  for (let round = -1; round < rounds; round++)
    for (const name of ['node', 'version', 'list'] as const) {
      const { milliseconds } = await runToEnd(commands[name], place);
      if (round >= 0) times[name].push(milliseconds);
    }
  put('node', 'start of node', 'ms', times.node);
  put(FLOOR, STARTUP.version, 'ms', times.node);
  put(FLOOR, STARTUP.list, 'ms', times.node);
  put(LAUNCHPORT, STARTUP.version, 'ms', times.version);
  put(LAUNCHPORT, STARTUP.list, 'ms', times.list);
}

/** Inside a process that has started already. */
async function measureLoads(rounds: number, place: CommandPlace, put: Put): Promise<void> {
  const sdk = JSON.stringify(pathToFileURL(builtModule('sdk/index.js')));
  const addon = JSON.stringify(searchBinding(addonPaths()).found?.path ?? '');
  const load = async (code: string, type: 'module' | 'commonjs') => {
    const script = `const begin = performance.now(); ${code}; process.stdout.write(String(performance.now() - begin));`;
    const command = [process.execPath, `--input-type=${type}`, '-e', script];
    return Number((await runToEnd(command, place)).output);
  };
  const times: { sdk: number[]; addon: number[] } = { sdk: [], addon: [] };
  for (let round = 0; round < rounds; round++) {
    times.sdk.push(await load(`await import(${sdk})`, 'module'));
    times.addon.push(await load(`require(${addon})`, 'commonjs'));
  }
  put(LAUNCHPORT, STARTUP.sdk, 'ms', times.sdk);
  put(LAUNCHPORT, STARTUP.addon, 'ms', times.addon);
}

/** What a start on demand takes at least: Node's own, and a C service's. */
async function measureColdFloor(
  floor: Floor | undefined,
  rounds: number,
  place: CommandPlace,
  put: Put,
): Promise<void> {
  if (floor === undefined || process.platform !== 'linux') return;
  const { p50 } = await floor.measureActivation({ count: ACTIVATIONS }, place.signal);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++)
    times.push((await runToEnd([process.execPath, '-e', '0'], place)).milliseconds + p50 / 1000);
  put(FLOOR, STARTUP.cold, 'ms', times);
}

async function workOf(order: StartupOrder, place: CommandPlace): Promise<StartupResult> {
  const command = [
    ...place.prefix,
    process.execPath,
    builtModule('bench/ends/startup.js'),
    JSON.stringify(order),
  ];
  const { environment, signal } = place;
  await using end = new EndProcess(command, { what: order.work, environment, signal });
  const result = await end.next<StartupResult>(TIMEOUT_MS);
  await end.ended();
  return result;
}
