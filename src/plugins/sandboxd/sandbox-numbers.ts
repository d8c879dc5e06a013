/** What a sandbox counts, as it travels: numbers where the sandbox has bigints. */
import type { ContainerStats, ProcessInfo } from '../../compat/index.js';
import type { ProcessInfo as SandboxProcessInfo, SandboxStatistics } from './sandbox/index.js';

/** What is not known stays absent. */
export function containerStatistics(id: string, statistics: SandboxStatistics): ContainerStats {
  const numbers = Object.entries(statistics).flatMap(([key, value]) => {
    return value === undefined ? [] : [[key, Number(value)] as const];
  });
  return { id, ...Object.fromEntries(numbers) };
}

/** A process as clients see it. */
export function containerProcessInfo(info: SandboxProcessInfo): ProcessInfo {
  return { ...info, cpuUsec: Number(info.cpuUsec), memoryBytes: Number(info.memoryBytes) };
}
