/** The error for an option whose value cannot be read. */
import { LaunchportError } from '../../base/index.js';

/** Wrong usage of `option`: what was given, and what it should look like. */
export function badValue(option: string, value: string, expected: string): LaunchportError {
  return new LaunchportError('ERR_USAGE', `${option}: cannot use ${JSON.stringify(value)}`, {
    hint: `Give ${expected}.`,
    details: { option, value },
  });
}
