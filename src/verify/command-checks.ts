/** Checks of a CLI plugin, which is run by hand and not by launchd. */
import { spawn } from 'node:child_process';
import { isLaunchportError, LaunchportError, withDeadline } from '../base/index.js';
import type { CommandCheck } from './check.js';
import { CheckFailure } from './outcome.js';

/** The checks, in the order of a report. */
export const COMMAND_CHECKS: readonly CommandCheck[] = [
  {
    id: 'command-help',
    title: 'ends by itself with --help',
    severity: 'recommended',
    async run(plugin, bounds) {
      const { code, signal } = await runHelp(plugin.binaryPath, bounds).catch((error: unknown) => {
        if (!isLaunchportError(error, 'ERR_TIMEOUT')) throw error;
        throw new CheckFailure(error.message, HELP_ADVICE);
      });
      if (signal !== null) throw new CheckFailure(`--help ended it by ${signal}`, HELP_ADVICE);
      if (code !== 0) throw new CheckFailure(`--help ends with exit code ${code}`, HELP_ADVICE);
      return undefined;
    },
  },
];

const HELP_ADVICE = '"launchport help NAME" runs it with --help: print the usage and exit with 0.';

function runHelp(
  binary: string,
  { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal },
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  const late = () => new LaunchportError('ERR_TIMEOUT', `--help does not end within ${timeout} ms`);
  return withDeadline('--help', { timeout, signal }, late, (ended) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(binary, ['--help'], { stdio: 'ignore', detached: true });
    ended.addEventListener('abort', () => {
      if (child.pid !== undefined) killGroup(child.pid);
    });
    return new Promise((resolve, reject) => {
      child.on('error', (error) =>
        reject(new CheckFailure(`it cannot be started: ${error.message}`, HELP_ADVICE)),
      );
      child.on('exit', (code, how) => resolve({ code, signal: how }));
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
