/** What the system knows of processes. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addonPaths } from '../../src/native/index.js';

/** Starts a job that dies with it: `parent.mjs ADDON SCRIPT`. */
export const PARENT_SCRIPT = fileURLToPath(new URL('./fixtures/parent.mjs', import.meta.url));

/** The addon under test, for another process to load. */
export function addon(): string {
  return addonPaths().find((path) => existsSync(path)) ?? '';
}

/** Whether a sanitizer's runtime is loaded: it takes memory of its own, keeps what is freed, and is slow. */
export function isSanitized(): boolean {
  return /lib[a-z]*san\./.test(process.env.LD_PRELOAD ?? '');
}

/** The children of this thread, zombies included. */
export function childPids(): string[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
}

/** False for a zombie too: it ended, and waits for a parent that may never ask. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
