/** Errors as the system gives them. */
import { constants } from 'node:os';

/** An error as the system's, with `code`, `errno` and `syscall`. */
export function systemError(code: string, syscall: string, about: string): NodeJS.ErrnoException {
  const errno = -((constants.errno as Record<string, number>)[code] ?? 0);
  return Object.assign(new Error(`${code}: ${syscall} '${about}'`), { code, errno, syscall });
}
