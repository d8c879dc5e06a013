/** What is wrong with a container, network or plugin that is kept all the same. */
import { errorText, isLaunchportError } from '../base/index.js';
import type { Problem } from '../harness/index.js';

/** An error as a problem, which can be stored and sent. */
export function problemOf(error: unknown): Problem {
  if (!isLaunchportError(error)) return { code: 'ERR_INTERNAL', message: errorText(error) };
  const { code, hint } = error;
  // An error that is to be sent, or was received, has the plain text in its details.
  const { message = error.message } = error.details;
  const text = code === 'ERR_REMOTE' && typeof message === 'string' ? message : error.message;
  return { code, message: text, ...(hint === undefined ? {} : { hint }) };
}
