/** The user's terminal: its size, and raw mode, which is always taken back. */
import { closeSync, constants, openSync } from 'node:fs';
import { isatty, ReadStream, WriteStream } from 'node:tty';

/** Columns and rows of a terminal. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal that a command drives. */
export interface Terminal {
  /** Undefined when the terminal does not know. */
  size(): TerminalSize | undefined;
  /** Passes every key on as it is typed; until it is disposed, and at the latest when this process ends. */
  raw(): Disposable;
}

/** The terminal at `descriptor`, which stays open and is not read; undefined when it is none. */
export function openTerminal(descriptor: number): Terminal | undefined {
  if (!isatty(descriptor)) return undefined;
  return { size: () => sizeOf(descriptor), raw: () => rawMode(descriptor) };
}

/**
 * A descriptor of the same terminal with flags of its own, to be closed by the caller: who gets it may make it
 * non-blocking, and the given one is shared with the shell. Undefined when `descriptor` is no terminal, or may not be
 * opened by this user.
 */
export function ownTerminal(descriptor: number, mode: number): number | undefined {
  if (!isatty(descriptor)) return undefined;
  // Linux opens anew what a name of that kind stands for; elsewhere it duplicates.
  const directory = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';
  try {
    return openSync(`${directory}/${descriptor}`, mode | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

function sizeOf(descriptor: number): TerminalSize | undefined {
  const own = ownTerminal(descriptor, constants.O_WRONLY);
  if (own === undefined) return undefined;
  let stream: WriteStream;
  try {
    stream = new WriteStream(own);
  } catch {
    closeSync(own);
    return undefined;
  }
  const { columns, rows } = stream;
  stream.destroy();
  return columns > 0 && rows > 0 ? { columns, rows } : undefined;
}

function rawMode(descriptor: number): Disposable {
  const own = ownTerminal(descriptor, constants.O_RDWR);
  const stream = new ReadStream(own ?? descriptor);
  // A terminal that went away has no mode to restore.
  stream.on('error', () => {});
  const restore = () => {
    process.off('exit', restore);
    if (stream.destroyed) return;
    stream.setRawMode(false);
    if (own !== undefined) stream.destroy();
  };
  process.on('exit', restore);
  stream.setRawMode(true);
  return { [Symbol.dispose]: restore };
}
