/** Finding programs. A folder of its own: plugins, whose start counts, need not load it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Whether this process may run what is at `path` (access(2), X_OK); directories count as well. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program in the absolute directories of a search path such as `PATH`, the first that has it. */
export function findProgram(name: string, searchPath = ''): string | undefined {
  return searchPath
    .split(delimiter)
    .filter(isAbsolute)
    .map((directory) => join(directory, name))
    .find(isExecutable);
}
