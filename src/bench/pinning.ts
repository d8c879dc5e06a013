/** Which cores the two ends run on, and the words before their commands that make them. */
import { readFileSync } from 'node:fs';
import { errorText } from '../base/index.js';
import { findProgram } from '../base/programs/index.js';
import { runCommand } from '../launchd/index.js';
import type { Placement } from './model.js';

/** Words before a command. */
export type Prefix = readonly string[];

/** Milliseconds that taskset may take to start something. */
const TIMEOUT_MS = 10_000;

/** Where ends are put. */
export class Pinning {
  /** The core of both; undefined where nothing is pinned. */
  readonly same: number | undefined;
  /** The server's, when each has its own; undefined with one core, too. */
  readonly other: number | undefined;
  readonly #taskset: string;

  constructor(taskset: string, same?: number, other?: number) {
    this.#taskset = taskset;
    this.same = same;
    this.other = other;
  }

  /** Placements of two processes that can be had here. */
  get placements(): readonly Placement[] {
    if (this.same === undefined) return ['unpinned'];
    return this.other === undefined ? ['same core'] : ['same core', 'split cores'];
  }

  /** Client's and server's core, or none. */
  cores(placement: Placement): readonly [client: number, server: number] | undefined {
    const { same, other } = this;
    if (placement === 'unpinned' || same === undefined) return undefined;
    return [same, placement === 'split cores' && other !== undefined ? other : same];
  }

  prefix(placement: Placement, end: 'client' | 'server'): Prefix {
    const cores = this.cores(placement);
    return cores === undefined ? [] : [this.#taskset, '-c', String(cores[end === 'client' ? 0 : 1])];
  }
}

/** Finds out what can be had; `reason` says why nothing is pinned. */
export async function findPinning(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ readonly pinning: Pinning; readonly reason?: string }> {
  const none = (reason: string) => ({ pinning: new Pinning(''), reason });
  if (process.platform !== 'linux') return none(`${process.platform} does not pin processes to cores`);
  const taskset = findProgram('taskset', environment.PATH);
  if (taskset === undefined) return none('no taskset here: install util-linux');
  const [same, ...others] = allowedCores();
  if (same === undefined) return none('the system does not tell which cores may be used');
  const tried = await runCommand(taskset, ['-c', String(same), process.execPath, '--version'], {
    timeout: TIMEOUT_MS,
    signal,
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    return { exitStatus: undefined, stderr: errorText(error) };
  });
  if (tried.exitStatus !== 0) return none(`taskset does not work here: ${tried.stderr.trim()}`);
  // Two threads of one core are not two cores, but better than none.
  const siblings = siblingsOf(same);
  return {
    pinning: new Pinning(taskset, same, others.find((core) => !siblings.includes(core)) ?? others[0]),
  };
}

/** Numbers in a list of the kernel's, such as `0-2,5`, the highest first: interrupts like the lowest. */
export function parseCores(list: string): readonly number[] {
  return list
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    })
    .reverse();
}

function allowedCores(): readonly number[] {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read('/proc/self/status')) ?? [];
  return list === undefined ? [] : parseCores(list);
}

function siblingsOf(core: number): readonly number[] {
  return parseCores(read(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
