/** Numbers of clients that the system keeps in 16 bits: larger ones are refused, never cut. */
import { routeError } from '../../sdk/index.js';

const LARGEST = 65_535;

/** @throws LaunchportError `invalidArgument` */
export function assertPort(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > LARGEST) {
    throw routeError('invalidArgument', `no port ${port}`);
  }
}

/** @throws LaunchportError `invalidArgument` for what no terminal has */
export function assertTerminalSize(columns: number, rows: number): void {
  for (const size of [columns, rows]) {
    if (Number.isInteger(size) && size >= 0 && size <= LARGEST) continue;
    throw routeError('invalidArgument', `no terminal is ${columns} by ${rows}`);
  }
}
