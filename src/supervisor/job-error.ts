/** Errors about one job. */
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
