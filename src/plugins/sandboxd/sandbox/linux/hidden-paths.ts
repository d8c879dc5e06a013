/** The parts of /proc and /sys that a container must not see or write. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxSpec } from '../sandbox.js';
import { resolveInRoot } from './root-path.js';

/** Hidden unless the configuration says otherwise: they tell about the host, or have led to holes before. */
export const DEFAULT_MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/** Read-only unless the configuration says otherwise. */
export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** bubblewrap's arguments for them; paths that do not exist are left out. */
export async function hiddenPathArguments(spec: SandboxSpec): Promise<string[]> {
  const result: string[] = [];
  for (const path of spec.readonlyPaths ?? DEFAULT_READONLY_PATHS) {
    const found = await find(spec.root, path);
    if (found !== undefined) result.push('--ro-bind', found.source, found.path);
  }
  for (const path of spec.maskedPaths ?? DEFAULT_MASKED_PATHS) {
    const found = await find(spec.root, path);
    if (found === undefined) continue;
    if (found.isDirectory) result.push('--perms', '0555', '--tmpfs', found.path, '--remount-ro', found.path);
    else result.push('--dev-bind', '/dev/null', found.path);
  }
  return result;
}

interface Found {
  readonly path: string;
  readonly isDirectory: boolean;
  /** The same on the host. */
  readonly source: string;
}

async function find(root: string, path: string): Promise<Found | undefined> {
  // The host's /proc has the same names: it is the same kernel's.
  if (/^\/proc\/[^/.]/.test(path)) {
    const status = await lstat(path).catch(() => undefined);
    if (status === undefined || status.isSymbolicLink()) return undefined;
    return { path, isDirectory: status.isDirectory(), source: path };
  }
  const found = await resolveInRoot(root, path);
  if (found.kind === 'missing' || found.path === '/') return undefined;
  return { path: found.path, isDirectory: found.kind === 'directory', source: join(root, found.path) };
}
