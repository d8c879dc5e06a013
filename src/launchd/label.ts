/** What a job may be called. */
import { LaunchportError } from '../base/index.js';

/** Longest label in bytes: with `.plist` after it, it is still a file name (NAME_MAX is 255). */
export const MAX_LABEL_BYTES = 249;

// `@` and `+` because package managers use them ("postgresql@14"). No slash: launchctl splits targets at it.
// The first character cannot be a dash, which launchctl would take for an option, nor a dot, so that the plist
// named after the label is never hidden, `.` or `..`.
const LABEL = /^[A-Za-z0-9_][A-Za-z0-9._@+:-]*$/;

/**
 * Checks a job label: 1 to 249 ASCII letters, digits and `. _ - @ + :`, starting with a letter, a digit or `_`.
 * Stricter than launchd, because the label becomes a file name and a part of command lines.
 * @throws LaunchportError ERR_LAUNCHD_LABEL
 */
export function assertLabel(label: string): void {
  if (isLabel(label)) return;
  throw new LaunchportError('ERR_LAUNCHD_LABEL', `not a job label: ${JSON.stringify(label)}`, {
    hint: `Use 1 to ${MAX_LABEL_BYTES} characters from A-Z a-z 0-9 . _ - @ + : and start with a letter, a digit or _.`,
    details: { label },
  });
}

/** Whether {@link assertLabel} accepts it. */
export function isLabel(label: string): boolean {
  return label.length <= MAX_LABEL_BYTES && LABEL.test(label);
}
