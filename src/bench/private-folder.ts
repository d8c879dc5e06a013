/** Where the benchmark keeps what it builds and installs for itself: a folder that only its user can change. */
import { access, lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { LaunchportError } from '../base/index.js';

/** `launchport/bench` below `$XDG_CACHE_HOME` or `~/.cache`. */
export function privateFolderPath({ XDG_CACHE_HOME: cache = '' }: NodeJS.ProcessEnv = process.env): string {
  return join(isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'launchport', 'bench');
}

/**
 * Makes that folder, with mode 0700, and gives its path. What lies there is
 * run, so a folder that somebody else could write to is refused.
 * @throws LaunchportError ERR_UNSUPPORTED
 */
export async function privateFolder(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = privateFolderPath(environment);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw unusable(folder, 'cannot be made', cause);
  });
  const status = await lstat(folder);
  if (!status.isDirectory()) throw unusable(folder, 'is not a directory');
  if (status.uid !== process.geteuid?.()) throw unusable(folder, 'belongs to somebody else');
  if ((status.mode & 0o022) !== 0) throw unusable(folder, 'can be written to by others');
  return folder;
}

/** Whether something made before is still there. */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function unusable(folder: string, why: string, cause?: unknown): LaunchportError {
  return new LaunchportError('ERR_UNSUPPORTED', `the benchmark's folder ${folder} ${why}`, {
    hint: 'Set XDG_CACHE_HOME to a folder of your own.',
    details: { folder },
    cause,
  });
}
