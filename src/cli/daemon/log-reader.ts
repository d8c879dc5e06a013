/** Reads the daemon's log: its last lines, and what is added to it. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** The last `count` lines, from as many of the old files as it takes; none when there is no log. */
export function lastLines(path: string, count: number): readonly string[] {
  let lines: string[] = [];
  for (let index = 0; lines.length < count; index += 1) {
    const text = textFrom(index === 0 ? path : `${path}.${index}`, 0);
    if (text === undefined) break;
    lines = [...linesOf(text), ...lines];
  }
  return count === 0 ? [] : lines.slice(-count);
}

/** Text of the log behind `offset`; undefined when there is no such file. */
export function textFrom(path: string, offset: number): string | undefined {
  try {
    return readFileSync(path).subarray(offset).toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Bytes in the log; 0 when there is none. */
export function logSize(path: string): number {
  return withFile(path, (descriptor) => fstatSync(descriptor).size) ?? 0;
}

/**
 * Yields lines that are added after `offset` until the signal aborts, through rotation too. The directory of the log must
 * exist; the log need not yet.
 */
export async function* followLines(
  path: string,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let wake: () => void = () => {};
  let isChanged = true;
  const change = () => {
    isChanged = true;
    wake();
  };
  const watcher = watch(dirname(path), (_event, name) => {
    if (name === null || name === basename(path)) change();
  });
  signal.addEventListener('abort', change, { once: true });
  let position = offset;
  let rest = '';
  try {
    while (!signal.aborted) {
      if (!isChanged) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      isChanged = false;
      let added = '';
      if (logSize(path) < position) {
        // Rotated: the file's former content is in the first old one, at the same places.
        added = textFrom(`${path}.1`, position) ?? '';
        position = 0;
      }
      const { text, size } = readFrom(path, position);
      position += size;
      const lines = (rest + added + text).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    signal.removeEventListener('abort', change);
    watcher.close();
  }
}

function readFrom(path: string, position: number): { readonly text: string; readonly size: number } {
  const bytes = withFile(path, (descriptor) => {
    const buffer = Buffer.alloc(Math.max(fstatSync(descriptor).size - position, 0));
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, position));
  });
  // A line is written at once, so a character is not cut.
  return { text: bytes?.toString('utf8') ?? '', size: bytes?.length ?? 0 };
}

function withFile<T>(path: string, work: (descriptor: number) => T): T | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
