/** Descriptors 0, 1 and 2 of a job. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** Where the three streams go; absolute paths, `/dev/null` when absent (launchd.plist(5)). */
export interface StdioPaths {
  readonly input?: string;
  readonly output?: string;
  readonly error?: string;
}

/** Three open descriptors and the way to close them. */
export interface OpenStdio {
  readonly descriptors: readonly [number, number, number];
  close(): void;
}

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/**
 * Opens the streams: input for reading, created when missing; output and error for appending, created with mode
 * 0666 less `umask`, never truncated. Only files and character devices: a FIFO would block the open or hand the job
 * a non-blocking stream. Two equal output paths share one description, so their lines keep their order.
 * @throws the system's error with `code`, `syscall` and `path`; nothing then stays open
 */
export function openStdio(paths: StdioPaths, umask = 0): OpenStdio {
  const opened: number[] = [];
  const open = (path: string | undefined, flags: number, deviceFlags: number) => {
    const descriptor = openStream(path ?? '/dev/null', flags, deviceFlags, 0o666 & ~umask);
    opened.push(descriptor);
    return descriptor;
  };
  const close = () => {
    for (const descriptor of opened.splice(0)) closeSync(descriptor);
  };
  try {
    const input = open(paths.input, O_RDONLY | (paths.input === undefined ? 0 : O_CREAT), O_RDONLY);
    const writing = O_WRONLY | O_APPEND | O_CREAT;
    const output = open(paths.output, writing, O_RDWR);
    const error = paths.error === paths.output ? output : open(paths.error, writing, O_RDWR);
    return { descriptors: [input, output, error], close };
  } catch (failure) {
    close();
    throw failure;
  }
}

function openStream(path: string, flags: number, deviceFlags: number, mode: number): number {
  const descriptor = openSync(path, flags | O_NOCTTY | O_NONBLOCK, mode);
  try {
    const status = fstatSync(descriptor);
    if (status.isFile()) return descriptor;
    if (!status.isCharacterDevice()) throw notAStream(path, status.isDirectory());
  } catch (failure) {
    closeSync(descriptor);
    throw failure;
  }
  // Opened again without O_NONBLOCK, which means nothing for a file but would reach the job on a terminal.
  closeSync(descriptor);
  return openSync(path, deviceFlags | O_NOCTTY);
}

function notAStream(path: string, isDirectory: boolean): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`neither a file nor a character device: ${path}`);
  return Object.assign(error, { code: isDirectory ? 'EISDIR' : 'EINVAL', syscall: 'open', path });
}
