/** Processes that have something in their environment, as the kernel shows it. */
import { readdirSync, readFileSync } from 'node:fs';

/** A process with its command line. */
export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

/** Those of this user whose environment has the text, zombies not counted. Linux only. */
export function markedProcesses(text: string): readonly MarkedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const environment = read(`/proc/${name}/environ`);
      if (!environment.includes(text)) return [];
      return [{ pid: Number(name), command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ') }];
    });
}

/** Empty for a process that is gone, or somebody else's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
