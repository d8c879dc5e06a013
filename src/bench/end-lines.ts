/** How a process of a benchmark speaks to who started it: lines of JSON out, and the end of stdin as the end. */
import type { EndOrder, ReadyLine, ResultLine } from './task.js';

/** Reads the order on the command line. */
export function readOrder<O extends EndOrder>(): O {
  return JSON.parse(process.argv[2] ?? '') as O;
}

/** Says something, and resolves when it has left. */
export function say(line: ReadyLine | ResultLine): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve());
  });
}

/** Resolves when stdin has brought a line, and ends the process by `atEnd` when it ends: who started us is gone. */
export function awaitGo(atEnd: () => void): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.on('data', () => resolve());
    process.stdin.on('end', atEnd);
  });
}
