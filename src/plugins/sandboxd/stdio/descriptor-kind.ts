/** What is behind a descriptor that somebody sent, and so how it can be used without ever blocking this process. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/** `stream`: pipes and sockets, which the event loop can wait for; `terminal`; `file`: everything else. */
export type DescriptorKind = 'stream' | 'terminal' | 'file';

/** @throws the system's error for one that is not open */
export function descriptorKind(descriptor: number): DescriptorKind {
  const stat = fstatSync(descriptor);
  if (stat.isFIFO() || stat.isSocket()) return 'stream';
  return isatty(descriptor) ? 'terminal' : 'file';
}

/**
 * Gives a pipe or terminal an open file description of its own and closes `descriptor`: whether it blocks is then no
 * longer shared with the process that sent it, nor with the shell behind that. Where the system cannot, the descriptor
 * itself is returned.
 */
export function privateDescription(descriptor: number, access: 'read' | 'write'): number {
  // A socket has none, and on macOS opening such a path only duplicates.
  if (process.platform !== 'linux' || fstatSync(descriptor).isSocket()) return descriptor;
  const flags = (access === 'read' ? constants.O_RDONLY : constants.O_WRONLY) | constants.O_NOCTTY;
  let opened: number;
  try {
    opened = openSync(`/proc/self/fd/${descriptor}`, flags | constants.O_NONBLOCK);
  } catch {
    // Of another user, or a terminal that has gone.
    return descriptor;
  }
  closeSync(descriptor);
  return opened;
}
