/** What a Mach service may be called. */
import { LaunchportError } from './errors.js';

/** Longest Mach service name, in bytes (launchd.plist(5) and bootstrap.h: BOOTSTRAP_MAX_NAME_LEN is 128 with NUL). */
export const MAX_SERVICE_NAME_BYTES = 127;

const SERVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Checks a Mach service name: 1 to 127 bytes of ASCII letters, digits, `.`, `_` and `-`, not starting with a dot.
 * Stricter than launchd, because on Linux the name is also a file name and a part of LISTEN_FDNAMES.
 * @throws LaunchportError ERR_XPC_NAME
 */
export function assertServiceName(name: string): void {
  if (name.length <= MAX_SERVICE_NAME_BYTES && SERVICE_NAME.test(name)) return;
  throw new LaunchportError('ERR_XPC_NAME', `not a Mach service name: ${JSON.stringify(name)}`, {
    hint: `Use 1 to ${MAX_SERVICE_NAME_BYTES} characters from A-Z a-z 0-9 . _ - and start with a letter or digit.`,
    details: { name },
  });
}
