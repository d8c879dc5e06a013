/** The processes of a sandbox, found in /proc by their pid namespace. */
import { readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { ProcessInfo, SandboxStatistics } from '../sandbox.js';
import { commandText, mapId, parseBootTime, parseIo, parseStat, parseStatus } from './proc-text.js';

/** Of every Linux that Node runs on (sysconf(_SC_CLK_TCK)). */
const USEC_PER_TICK = 10_000n;
/** Processes looked at before the event loop gets its turn. */
const BATCH = 256;

/** One process, with what only the sums need. */
export interface FoundProcess extends ProcessInfo {
  /** Of the children that it waited for, microseconds. */
  readonly childCpuUsec: bigint;
  /** Memory that it does not share through files. */
  readonly ownBytes: bigint;
}

/** Finds the processes whose pid namespace is `namespace`, the text of a link such as /proc/1/ns/pid. */
export async function findProcesses(namespace: string): Promise<FoundProcess[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const inside: string[] = [];
  for (const [at, id] of ids.entries()) {
    if (at % BATCH === BATCH - 1) await new Promise(setImmediate);
    if (linkText(`/proc/${id}/ns/pid`) === namespace) inside.push(id);
  }
  const bootTime = parseBootTime(await readFile('/proc/stat', 'utf8'));
  const found = await Promise.all(inside.map((id) => describe(id, bootTime)));
  return found.filter((process) => process !== undefined).sort((a, b) => a.pid - b.pid);
}

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

async function describe(id: string, bootTime: number): Promise<FoundProcess | undefined> {
  try {
    const read = (name: string) => readFile(`/proc/${id}/${name}`, 'utf8');
    const [statText, statusText, commandLine, map] = await Promise.all([
      read('stat'),
      read('status'),
      read('cmdline'),
      read('uid_map').catch(() => ''),
    ]);
    const stat = parseStat(statText);
    const status = parseStatus(statusText);
    const pid = status.pids.at(-1);
    if (stat === undefined || pid === undefined) return undefined;
    const uid = mapId(map, status.uid);
    return {
      pid,
      hostPid: Number(id),
      ...(uid === undefined ? {} : { user: String(uid) }),
      command: commandText(commandLine, stat.name),
      startedAt: new Date(bootTime * 1000 + Number(stat.startTicks * 10n)),
      cpuUsec: stat.ticks * USEC_PER_TICK,
      memoryBytes: status.residentBytes,
      childCpuUsec: stat.childTicks * USEC_PER_TICK,
      ownBytes: status.ownBytes,
    };
  } catch {
    // Gone meanwhile.
    return undefined;
  }
}

/** The sums over processes that live, plus what ended ones used. Memory is what each has for itself. */
export async function sumProcesses(
  processes: readonly FoundProcess[],
  endedCpuUsec: bigint,
): Promise<SandboxStatistics> {
  let memory = 0n;
  let cpu = endedCpuUsec;
  let read = 0n;
  let written = 0n;
  let hasIo = false;
  for (const { hostPid, ownBytes, cpuUsec, childCpuUsec } of processes) {
    memory += ownBytes;
    cpu += cpuUsec + childCpuUsec;
    // Not for every user to read.
    const io = await readFile(`/proc/${hostPid}/io`, 'utf8').catch(() => undefined);
    if (io === undefined) continue;
    hasIo = true;
    read += parseIo(io).read;
    written += parseIo(io).written;
  }
  return {
    memoryUsageBytes: memory,
    cpuUsageUsec: cpu,
    numProcesses: BigInt(processes.filter(({ pid }) => pid !== 1).length),
    ...(hasIo ? { blockReadBytes: read, blockWriteBytes: written } : {}),
  };
}
