/** The standard streams that a client may give a process. */
import type { XpcFileDescriptor } from '../xpc/index.js';

/** The streams of a process, each optional. */
export interface Stdio {
  readonly stdin?: XpcFileDescriptor | undefined;
  readonly stdout?: XpcFileDescriptor | undefined;
  readonly stderr?: XpcFileDescriptor | undefined;
}

/** Those that were given. */
export function definedOnly(stdio: Stdio): Partial<Record<keyof Stdio, XpcFileDescriptor>> {
  return Object.fromEntries(Object.entries(stdio).filter(([, value]) => value !== undefined));
}
