/** Errors of control calls. */
import { type ErrorCode, LaunchportError } from '../base/index.js';
import { parseServiceTarget, type ServiceTarget } from '../launchd/index.js';

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

/** The error of a control call that ran into its deadline, to be made when it does. `timeout` in milliseconds. */
export function unknownOutcome(what: string, timeout: number): () => LaunchportError {
  return () =>
    new LaunchportError('ERR_LAUNCHD_UNKNOWN_OUTCOME', `${what} took longer than ${timeout} ms`, {
      hint: 'It may still succeed: print the job before trying again.',
      details: { timeout },
    });
}
