/** The floor: the same work by a C program that does nothing to the bytes, so that a row says what is ours. */
import { LaunchportError } from '../../base/index.js';
import { type CommandRunner, type LaunchControl, LaunchctlControl, runCommand } from '../../launchd/index.js';
import type { LatencySummary, Unit } from '../model.js';
import { compileFloor } from './compile.js';
import { withLaunchdJob } from './launchd-job.js';
import { parseLatency, parseRate } from './output.js';

/** Milliseconds in which one piece of work is done, or something hangs. */
const TIMEOUT_MS = 120_000;

/** What to do. */
export interface FloorWork {
  readonly workload: 'latency' | 'in flight' | 'echo' | 'connections';
  /** Bytes. The program adds about a hundred for what a message has besides. */
  readonly payload: number;
  /** Round trips, over all connections. */
  readonly count: number;
  /** Round trips before them; default: a tenth as many. */
  readonly warmUp?: number;
  /** Requests on their way at a time, of `in flight`. Default 1. */
  readonly inFlight?: number;
  /** How many have one request under way each, of `connections`. Default 1. */
  readonly connections?: number;
  /** Where the two ends run; default: wherever the system puts them. Linux only. */
  readonly cores?: readonly [client: number, server: number];
}

/** What came of it. */
export interface FloorResult {
  /** Median of `latency` in µs; messages a second of `in flight` and `connections`; MB (10⁶ bytes) a second of `echo`. */
  readonly value: number;
  readonly unit: Unit;
  /** Of `latency`. */
  readonly latency?: LatencySummary;
  /** Of `connections`: made and answered for the first time. */
  readonly connectionsPerSecond?: number;
}

/** How a start on demand is measured. */
export interface ActivationWork {
  readonly count: number;
  readonly warmUp?: number;
  /**
   * The service: gets `LISTEN_FDS=1` and a listening stream socket as descriptor 3, sends one byte back to its client and
   * ends with status 0 when that goes. Default: the smallest C program that does.
   */
  readonly program?: readonly string[];
  readonly cores?: readonly [client: number, server: number];
}

/** A compiled floor, ready to measure. */
export interface Floor {
  /** What it is made of: `C, SEQPACKET + epoll` or `C, libxpc`. */
  readonly name: string;
  /** The compiler's version. */
  readonly compiler: string;
  /**
   * Does the work once, in fresh processes.
   * @throws LaunchportError ERR_INTERNAL when the program fails, ERR_TIMEOUT, ERR_ABORTED; on macOS those of launchd
   */
  measure(work: FloorWork, signal?: AbortSignal): Promise<FloorResult>;
  /**
   * From a client's connecting until the reply of a service that is started for it, in µs. Linux only.
   * @throws LaunchportError ERR_UNSUPPORTED on macOS, else as `measure`
   */
  measureActivation(work: ActivationWork, signal?: AbortSignal): Promise<LatencySummary>;
}

/** For tests: other programs, another system. */
export interface FloorOptions {
  readonly runner?: CommandRunner;
  readonly platform?: NodeJS.Platform;
  readonly environment?: NodeJS.ProcessEnv;
  readonly control?: LaunchControl;
}

/**
 * The floor of this system, compiled if need be.
 * @throws LaunchportError ERR_UNSUPPORTED without a compiler, with advice; ERR_ABORTED
 */
export async function openFloor(signal?: AbortSignal, options: FloorOptions = {}): Promise<Floor> {
  const { runner = runCommand, platform = process.platform, environment = process.env } = options;
  const { program, compiler } = await compileFloor(signal, { runner, platform, environment });
  const run = (args: readonly string[], signal?: AbortSignal) => runProgram(runner, program, args, signal);
  if (platform === 'darwin') {
    const control = options.control ?? new LaunchctlControl({ runner });
    return {
      name: 'C, libxpc',
      compiler,
      measure: async (work, signal) =>
        withLaunchdJob(program, control, signal, async (service) =>
          resultOf(work, await run([...workArguments(work), '--service', service], signal)),
        ),
      measureActivation: () =>
        Promise.reject(
          new LaunchportError('ERR_UNSUPPORTED', 'on macOS only launchd starts services on demand'),
        ),
    };
  }
  return {
    name: 'C, SEQPACKET + epoll',
    compiler,
    measure: async (work, signal) => resultOf(work, await run(workArguments(work), signal)),
    measureActivation: async (work, signal) =>
      parseLatency(await run([...activationArguments(work), ...programArguments(work.program)], signal)),
  };
}

/** The command line for a piece of work. */
export function workArguments(work: FloorWork): string[] {
  const { workload, payload, count, warmUp, inFlight, connections, cores } = work;
  return [
    workload === 'in flight' ? 'flight' : workload,
    ...option('payload', payload),
    ...option('count', count),
    ...option('warm-up', warmUp),
    ...option('in-flight', inFlight),
    ...option('connections', connections),
    ...(cores === undefined ? [] : ['--cores', cores.join()]),
  ];
}

function activationArguments({ count, warmUp, cores }: ActivationWork): string[] {
  return [
    'activate',
    ...option('count', count),
    ...option('warm-up', warmUp),
    ...(cores === undefined ? [] : ['--cores', cores.join()]),
  ];
}

function programArguments(program: readonly string[] | undefined): readonly string[] {
  return program === undefined ? [] : ['--', ...program];
}

function option(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`--${name}`, String(value)];
}

function resultOf({ workload }: FloorWork, text: string): FloorResult {
  if (workload === 'latency') {
    const latency = parseLatency(text);
    return { value: latency.p50, unit: 'µs', latency };
  }
  const { messagesPerSecond, megabytesPerSecond, connectionsPerSecond } = parseRate(text);
  if (workload === 'echo') return { value: megabytesPerSecond, unit: 'MB/s' };
  return {
    value: messagesPerSecond,
    unit: 'messages/s',
    ...(connectionsPerSecond === undefined ? {} : { connectionsPerSecond }),
  };
}

async function runProgram(
  runner: CommandRunner,
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const bounds = { timeout: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const { exitStatus, isTimedOut, stdout, stderr } = await runner(program, args, bounds);
  if (isTimedOut)
    throw new LaunchportError('ERR_TIMEOUT', `the floor gave no result in ${TIMEOUT_MS / 1000} s`);
  if (exitStatus !== 0) {
    const why = stderr.trim().split('\n')[0] || `status ${exitStatus}`;
    throw new LaunchportError('ERR_INTERNAL', `the floor failed: ${why}`, { details: { args, exitStatus } });
  }
  return stdout;
}
