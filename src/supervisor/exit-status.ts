/** What a process's end means to launchd: its words for it, and whether it was a crash. */
import { constants } from 'node:os';
import type { JobExit } from '../launchd/index.js';

/** Exit status that launchd shows for a job that could not be started: EX_CONFIG of sysexits(3). */
export const EX_CONFIG = 78;

/** Deaths that count as a crash for KeepAlive's Crashed; SIGKILL and SIGTERM do not. */
const CRASH_SIGNALS: ReadonlySet<string> = new Set([
  'SIGILL',
  'SIGABRT',
  'SIGFPE',
  'SIGBUS',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
]);

/** The signal's number on this system. */
export function signalNumber(signal: NodeJS.Signals): number {
  const number = constants.signals[signal];
  if (number === undefined) throw new TypeError(`no such signal: ${String(signal)}`);
  return number;
}

/** The signal's name; realtime signals, which have none, are called SIG34 and so on. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `SIG${number}`;
}

/** How a process ended, from what the supervisor port reports. */
export function processExit(exitCode: number, signal: number): JobExit {
  if (exitCode < 0) return { kind: 'unknown' };
  return signal === 0 ? { kind: 'exited', code: exitCode } : { kind: 'signaled', signal: signalName(signal) };
}

/** The `status` column of `launchctl list`: exit code, minus the signal, or 0 when the job never ran. */
export function listStatus(exit: JobExit | undefined): number {
  if (exit === undefined) return 0;
  if (exit.kind === 'exited') return exit.code;
  if (exit.kind === 'spawn failed') return EX_CONFIG;
  // Like a program that failed without saying how; launchctl has no number for it.
  if (exit.kind === 'unknown') return 1;
  const number = constants.signals[exit.signal as NodeJS.Signals] as number | undefined;
  return -(number ?? Number(exit.signal.slice(3)));
}

/**
 * True when the job ended by its own fault: one of the signals a broken program dies of. So does an end that nobody
 * saw: better one start too many than a service that stays down.
 */
export function isCrash(exit: JobExit): boolean {
  if (exit.kind === 'unknown') return true;
  return exit.kind === 'signaled' && CRASH_SIGNALS.has(exit.signal);
}

/** True for exit code 0. */
export function isSuccess(exit: JobExit): boolean {
  return exit.kind === 'exited' && exit.code === 0;
}

/** One phrase for logs and messages. */
export function describeExit(exit: JobExit): string {
  if (exit.kind === 'exited') return `exited with code ${exit.code}`;
  if (exit.kind === 'signaled') return `was ended by ${exit.signal}`;
  if (exit.kind === 'unknown') return 'ended while no supervisor was there';
  return `could not be started: ${exit.reason}`;
}
