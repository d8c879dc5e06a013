/** Runs a command-line tool to its end: no shell, bounded output, bounded time. */
import { execFile } from 'node:child_process';
import { abortedError, errorText, LaunchportError, MAX_TIMEOUT_MS } from '../base/index.js';

/** How a tool ended and what it wrote. */
export interface CommandResult {
  /** Undefined when a signal ended it. */
  readonly exitStatus: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** It was killed because its time was up. What it had done by then is not known. */
  readonly isTimedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Bounds on one run. */
export interface CommandOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Default that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Runs `file` with exactly these arguments. Resolves however the tool ends; rejects when it could not be started,
 * wrote too much, or `signal` aborted. The tool has then been killed.
 */
export type CommandRunner = (
  file: string,
  args: readonly string[],
  options: CommandOptions,
) => Promise<CommandResult>;

/** Most bytes taken from stdout and from stderr; all jobs of a busy Mac print well below a megabyte. */
const MAX_OUTPUT_BYTES = 16 << 20;
/** Milliseconds to wait for a killed tool; one stuck in the kernel is left behind. */
const KILL_GRACE_MS = 1000;

/**
 * The runner that starts real processes.
 * @throws LaunchportError ERR_UNSUPPORTED when there is no such tool, ERR_LAUNCHD_COMMAND, ERR_ABORTED
 */
export const runCommand: CommandRunner = (file, args, { timeout, signal, environment }) => {
  if (signal?.aborted) return Promise.reject(abortedError(file, signal));
  return new Promise((resolve, reject) => {
    let isTimedOut = false;
    let grace: NodeJS.Timeout | undefined;
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      clearTimeout(grace);
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted && !isTimedOut) reject(abortedError(file, signal));
      else outcome();
    };
    const child = execFile(
      file,
      args,
      { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true, env: environment },
      (error, stdout, stderr) =>
        settle(() => {
          const code: unknown = error?.code;
          if (typeof code === 'string') return reject(startError(file, code, error));
          resolve({
            exitStatus: typeof code === 'number' ? code : error === null ? 0 : undefined,
            signal: error?.signal ?? undefined,
            isTimedOut,
            stdout,
            stderr,
          });
        }),
    );
    const stop = () => {
      if (grace !== undefined) return;
      child.kill('SIGKILL');
      // A child of the tool may still hold the pipes; nobody reads them any more.
      child.stdout?.destroy();
      child.stderr?.destroy();
      const nothing = { exitStatus: undefined, signal: undefined, isTimedOut: true, stdout: '', stderr: '' };
      grace = setTimeout(() => settle(() => resolve(nothing)), KILL_GRACE_MS);
    };
    const timer = setTimeout(
      () => {
        isTimedOut = true;
        stop();
      },
      Math.min(Math.max(timeout, 0), MAX_TIMEOUT_MS),
    );
    signal?.addEventListener('abort', stop, { once: true });
    child.stdin?.end();
  });
};

function startError(file: string, code: string, cause: unknown): LaunchportError {
  if (code === 'ENOENT') {
    return new LaunchportError('ERR_UNSUPPORTED', `${file} is not on this system`, {
      hint: 'On Linux use the embedded supervisor.',
      details: { file },
      cause,
    });
  }
  return new LaunchportError('ERR_LAUNCHD_COMMAND', `${file} could not be run: ${errorText(cause)}`, {
    details: { file, code },
    cause,
  });
}
