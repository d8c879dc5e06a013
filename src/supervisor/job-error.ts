/** Errors about one job, and what its ends put into the log. */
import { type ErrorCode, LaunchportError } from '../base/index.js';
import { type JobExit, parseServiceTarget, type ServiceTarget } from '../launchd/index.js';
import { describeExit } from './exit-status.js';
import type { JobHost, JobInputs } from './job-host.js';

/** An error that names the job and carries its domain, label and target. */
export function jobError(
  code: ErrorCode,
  target: ServiceTarget,
  what: string,
  hint: string,
  options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): LaunchportError {
  const { domain, label } = parseServiceTarget(target);
  return new LaunchportError(code, `job ${label} ${what}`, {
    hint,
    details: { domain, label, target, ...options.details },
    cause: options.cause,
  });
}

/** A start that failed, for `reason`. */
export function spawnError(target: ServiceTarget, reason: string, cause: unknown): LaunchportError {
  const what = `could not be started: ${reason}`;
  const hint = 'Check the program, its working directory and its Standard…Path files.';
  return jobError('ERR_LAUNCHD_SPAWN', target, what, hint, { details: { reason }, cause });
}

/** Writes down how a run ended: a caller only sees its request time out, so the log is where a crash shows. */
export function logExit(
  { logger }: Pick<JobHost, 'logger'>,
  { settings }: JobInputs,
  exit: JobExit,
  {
    isExpected = false,
    ...details
  }: { readonly isExpected?: boolean; readonly pid?: number; readonly run: number },
): void {
  const level = isExpected ? 'debug' : exit.kind === 'spawn failed' ? 'error' : 'warn';
  logger[level](`job ${settings.label} ${describeExit(exit)}`, details);
}

/** For every call after the end of the supervisor. */
export function stoppedError(directory: string): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_STATE', `the supervisor in ${directory} was stopped`, {
    hint: 'Start a new one.',
    details: { directory },
  });
}
