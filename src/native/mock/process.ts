/** Programs of the mock world, and what a running one sees. */
import { constants } from 'node:os';
import type { Binding } from '../binding.js';
import type { SpawnOptions } from '../supervisor-port.js';
import type { ProcessState } from './process-state.js';
import { systemError } from './system-error.js';

/** A binding whose processes and sockets are those of one mock world. */
export type MockBinding = Binding & Required<Pick<Binding, 'openSupervisor'>>;

/** The body of a program. It runs until it calls `exit` or is killed; throwing ends it with exit code 1. */
export type MockMain = (process: MockProcess) => void | Promise<void>;

/** A running program, seen from inside. */
export interface MockProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** The environment it was given, with LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** All that it was started with; the mock acts on none of its limits, masks and users. */
  readonly spawn: Readonly<SpawnOptions>;
  /** Its own binding; `listen` by name finds the listeners it was started with. */
  readonly binding: MockBinding;
  /** Called for each signal that can be caught. While undefined, signals have their default action. */
  signals: ((signal: NodeJS.Signals) => void) | undefined;
  /** Ends the process. Everything it holds is closed; a second call does nothing. */
  exit(exitCode?: number): void;
}

const IGNORED_BY_DEFAULT: readonly string[] = ['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'];

/**
 * Acts on a signal as a process does: SIGKILL ends it, its handler takes the others, and the default action is the
 * end. Stopping is not modelled: SIGSTOP does nothing. Signal 0 only asks whether it is alive.
 */
export function signalProcess(process: ProcessState, signal: number): boolean {
  if (!process.isAlive) return false;
  if (signal === 0) return true;
  const name = signalName(signal);
  const isHandled = name !== 'SIGKILL' && (process.onSignal?.(name) ?? false);
  if (!isHandled && name !== 'SIGSTOP' && !IGNORED_BY_DEFAULT.includes(name)) {
    process.finish({ exitCode: 0, signal });
  }
  return true;
}

function signalName(signal: number): NodeJS.Signals {
  const entry = Object.entries(constants.signals).find(([, number]) => number === signal);
  if (entry === undefined) throw systemError('EINVAL', 'kill', String(signal));
  return entry[0] as NodeJS.Signals;
}

/** What a program with these options sees. */
export function mockProcess(state: ProcessState, options: SpawnOptions, binding: MockBinding): MockProcess {
  const visible: MockProcess = {
    pid: state.pid,
    argv: [...options.args],
    env: environment(state.pid, options),
    cwd: options.cwd,
    spawn: options,
    binding,
    signals: undefined,
    exit: (exitCode = 0) => state.finish({ exitCode: exitCode & 0xff, signal: 0 }),
  };
  state.onSignal = (signal) => {
    visible.signals?.(signal);
    return visible.signals !== undefined;
  };
  return visible;
}

function environment(pid: number, options: SpawnOptions): Record<string, string> {
  const entries = options.env.map((entry): [string, string] => {
    const at = entry.indexOf('=');
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  const { listeners } = options;
  if (listeners.length > 0) {
    entries.push(['LISTEN_FDS', String(listeners.length)], ['LISTEN_PID', String(pid)]);
    entries.push(['LISTEN_FDNAMES', listeners.map(({ name }) => name).join(':')]);
  }
  return Object.fromEntries(entries);
}
