/** The time that whole commands take, from their start to their end. */
import { LaunchportError } from '../../base/index.js';
import { runCommand } from '../../launchd/index.js';

/** How commands are run. */
export interface CommandPlace {
  readonly environment: Readonly<Record<string, string>>;
  /** Words before a command that pin it. */
  readonly prefix: readonly string[];
  readonly signal: AbortSignal;
}

/** Milliseconds that one command may take on a busy machine. */
const TIMEOUT_MS = 120_000;

/**
 * Runs a command to its end, and gives what it wrote.
 * @throws LaunchportError ERR_INTERNAL when it fails, ERR_TIMEOUT, ERR_ABORTED, and others of `runCommand`
 */
export async function runToEnd(
  command: readonly string[],
  { environment, prefix, signal }: CommandPlace,
): Promise<{ readonly milliseconds: number; readonly output: string }> {
  const [program = '', ...args] = [...prefix, ...command];
  const begin = performance.now();
  const result = await runCommand(program, args, { timeout: TIMEOUT_MS, signal, environment });
  const milliseconds = performance.now() - begin;
  if (result.exitStatus === 0) return { milliseconds, output: result.stdout };
  if (result.isTimedOut)
    throw new LaunchportError('ERR_TIMEOUT', `${command.join(' ')} did not end in ${TIMEOUT_MS / 1000} s`);
  throw new LaunchportError(
    'ERR_INTERNAL',
    `${command.join(' ')} failed: ${result.stderr.trim().slice(-1000)}`,
  );
}
