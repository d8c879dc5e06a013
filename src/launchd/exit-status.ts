/** How a Darwin process ended: wait(2) statuses and signal numbers, wherever this code runs. */
import type { JobExit } from './control.js';

// Darwin's <sys/signal.h>, by number from 1. The numbers of the machine that runs this code may differ.
const DARWIN_SIGNALS = (
  'HUP INT QUIT ILL TRAP ABRT EMT FPE KILL BUS SEGV SYS PIPE ALRM TERM URG ' +
  'STOP TSTP CONT CHLD TTIN TTOU IO XCPU XFSZ VTALRM PROF WINCH INFO USR1 USR2'
)
  .split(' ')
  .map((name) => `SIG${name}`);

/** The name of a Darwin signal, such as `SIGTERM`; the number as text when there is none. */
export function darwinSignalName(number: number): string {
  return DARWIN_SIGNALS[number - 1] ?? String(number);
}

/** Whether Darwin has a signal of this name. */
export function isDarwinSignal(name: string): boolean {
  return DARWIN_SIGNALS.includes(name);
}

/** Decodes a raw wait(2) status: the code in bits 8 to 15 for an exit, the signal in bits 0 to 6 for a death. */
export function decodeWaitStatus(status: number): JobExit {
  const signal = status & 0x7f;
  if (signal !== 0) return { kind: 'signaled', signal: darwinSignalName(signal) };
  return { kind: 'exited', code: (status >> 8) & 0xff };
}

// What Darwin's strsignal(3) says, where it is not the name itself.
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGQUIT: 'Quit',
  SIGILL: 'Illegal instruction',
  SIGTRAP: 'Trace/BPT trap',
  SIGABRT: 'Abort trap',
  SIGFPE: 'Floating point exception',
  SIGKILL: 'Killed',
  SIGBUS: 'Bus error',
  SIGSEGV: 'Segmentation fault',
  SIGSYS: 'Bad system call',
  SIGPIPE: 'Broken pipe',
  SIGALRM: 'Alarm clock',
  SIGTERM: 'Terminated',
};

/** As launchctl prints a signal: `Terminated: 15`. One that Darwin does not have is printed by its name. */
export function signalDescription(name: string): string {
  const number = DARWIN_SIGNALS.indexOf(name) + 1;
  if (number > 0) return `${DESCRIPTIONS[name] ?? name.slice('SIG'.length)}: ${number}`;
  return name;
}
