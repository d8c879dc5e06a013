/** The command in a network namespace of its own, so that what a daemon makes there leaves the machine's networks alone. */
import { execFile, execFileSync } from 'node:child_process';
import { MAIN, type Outcome } from './command.js';
import { hasBusybox } from './oci-image.js';

/** Why containers cannot be run in a namespace of their own here; undefined when they can. `probe` must work in one, too. */
export function noContainersHere(...probe: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root, for a network namespace of its own';
  if (!hasBusybox()) return 'it needs busybox-static for its image';
  try {
    const options = { timeout: 60_000, stdio: 'pipe' } as const;
    execFileSync('unshare', ['-n', ...(probe.length === 0 ? ['true'] : probe)], options);
    execFileSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true'], options);
    return undefined;
  } catch (error) {
    return `sandboxes cannot be made: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
}

/** Runs `launchport ARGS`. What a daemon starts is in the daemon's namespace; of others only the command itself is in one. */
export function launchportInOwnNetwork(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Outcome> {
  const options = { env, timeout: 280_000, maxBuffer: 16 * 1024 * 1024 };
  // The daemon has all the time that a busy machine takes.
  const isSlow = args[0] === 'system' && args[1] !== 'status';
  const all = ['-n', process.execPath, MAIN, ...args, ...(isSlow ? ['--timeout', '200'] : [])];
  return new Promise((done) => {
    execFile('unshare', all, options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}
