/** Processes that a job left behind, told by a variable in their environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { delay } from '../base/index.js';
import { BENCH_VARIABLE } from '../harness/index.js';

/** Milliseconds between looks. */
const PAUSE_MS = 50;

/** A process of a bench. */
export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

/** Whether processes can be told here. */
export const canListProcesses = process.platform === 'linux';

/** The processes that have this mark, those that have ended left out. */
export function markedProcesses(mark: string): readonly LeftProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        if (!variables.includes(`${BENCH_VARIABLE}=${mark}`)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        // A process that has ended has neither.
        return command === '' ? [] : [{ pid: Number(name), command }];
      } catch {
        return [];
      }
    });
}

/** What is still there after `patience` milliseconds; looks again until nothing is. */
export async function leftProcesses(
  mark: string,
  patience: number,
  signal?: AbortSignal,
): Promise<readonly LeftProcess[]> {
  const end = performance.now() + patience;
  for (;;) {
    const left = markedProcesses(mark);
    if (left.length === 0 || performance.now() >= end) return left;
    await delay(PAUSE_MS, signal);
  }
}

/** Kills what was left. */
export function killAll(processes: readonly LeftProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
}
