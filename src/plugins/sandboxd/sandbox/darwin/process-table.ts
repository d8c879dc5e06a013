/** Processes of macOS by their session, from ps(1). */
import { execFile } from 'node:child_process';
import type { ProcessInfo } from '../sandbox.js';

const TIMEOUT_MS = 10_000;
/** What is asked for, in order; the last may have spaces. */
export const PS_ARGUMENTS = ['-A', '-o', 'pid=,ppid=,pgid=,uid=,rss=,time=,etime=,command='];

/** One line of ps. */
export interface TableEntry extends ProcessInfo {
  readonly parent: number;
  readonly group: number;
}

/** @param now milliseconds since 1970; start times are counted back from it */
export function parseProcessTable(text: string, now: number): TableEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, group, user, resident, time, elapsed, command] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined) return [];
    return [
      {
        pid: Number(pid),
        hostPid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        user: user as string,
        command,
        startedAt: new Date(now - seconds(elapsed as string) * 1000),
        cpuUsec: BigInt(Math.round(seconds(time as string) * 1_000_000)),
        memoryBytes: BigInt(resident as string) * 1024n,
      },
    ];
  });
}

/** Those that descend from `roots` or are in their process groups, by id. */
export function descendants(table: readonly TableEntry[], roots: readonly number[]): TableEntry[] {
  const found = new Set(roots);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { pid, parent, group } of table) if (found.has(parent) || found.has(group)) found.add(pid);
  }
  return table.filter(({ pid }) => found.has(pid)).sort((a, b) => a.pid - b.pid);
}

/** @throws the system's error when ps cannot be run */
export function readProcessTable(): Promise<TableEntry[]> {
  return new Promise((resolve, reject) => {
    execFile('/bin/ps', PS_ARGUMENTS, { timeout: TIMEOUT_MS, maxBuffer: 16 << 20 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(parseProcessTable(stdout, Date.now()));
    });
  });
}

/** `[[DD-]HH:]MM:SS[.CC]`. */
function seconds(text: string): number {
  const [days, clock] = text.includes('-') ? text.split('-', 2) : ['0', text];
  return (
    (clock as string).split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
  );
}
