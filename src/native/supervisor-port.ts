/** What an embedded launchd needs of the system: processes, listening sockets and a lock. */
import type { Handle } from './records.js';
import type { RecoveryPort, SpawnedProcess } from './recovery-port.js';

/** Limits of setrlimit(2), by the names of launchd.plist(5). */
export type ResourceLimit =
  | 'Core'
  | 'CPU'
  | 'Data'
  | 'FileSize'
  | 'MemoryLock'
  | 'NumberOfFiles'
  | 'NumberOfProcesses'
  | 'ResidentSetSize'
  | 'Stack';

/** One limit: bytes, seconds or a count. 2^63-1 and more is none; what is absent stays as it is. */
export interface ResourceLimitValue {
  readonly soft?: number | bigint;
  readonly hard?: number | bigint;
}

/** How to start a process. All paths absolute, all strings without NUL. */
export interface SpawnOptions {
  /** Executable file. */
  readonly file: string;
  /** argv, [0] included. */
  readonly args: readonly string[];
  /** The whole environment, `KEY=value`. LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES are added when there are listeners. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** Descriptors 0, 1, 2 of the process; duplicated. */
  readonly stdio: readonly [number, number, number];
  /** Listening descriptors, given to the process as 3, 4, … with these names. */
  readonly listeners: readonly { readonly name: string; readonly descriptor: number }[];
  /** File mode creation mask; inherited when absent. */
  readonly umask?: number;
  /** Nice value, -20…20; inherited when absent. */
  readonly nice?: number;
  /** What the process may not raise is lowered to what it may have. */
  readonly limits?: Readonly<Partial<Record<ResourceLimit, ResourceLimitValue>>>;
  /** New root directory, for root only; `file` and `cwd` are paths in it. */
  readonly root?: string;
  /** Name of the user to run as, for root only. ENOENT (getpwnam) when there is none. */
  readonly user?: string;
  /** Name of the group; by default the user's own. ENOENT (getgrnam) when there is none. */
  readonly group?: string;
  /** Whether the process is in the user's other groups too; default true. */
  readonly initGroups?: boolean;
  /** Signal sent to the process when the spawning thread ends, 0 for none (PR_SET_PDEATHSIG). */
  readonly parentDeathSignal?: number;
  /**
   * Called within `spawn` while the new process waits to execute: the last moment to note its pid. When it throws,
   * the process ends and `spawn` throws the same. When the caller dies in it, the process ends as well: no program
   * ever runs of which the callback did not know.
   */
  readonly forked?: (pid: number) => void;
}

/** What the supervisor binding reports. */
export interface SupervisorSink {
  /** A watched listener has a client waiting. The watch is off again: one report per `watch`. */
  demand(descriptor: number): void;
  /**
   * A process ended. `signal` is 0 for a normal exit; exit code -1 says that nobody knows how it ended. It is reaped when
   * this returns, and only then is the handle free: during the call `signal(process, n, true)` still reaches what remains
   * of its process group, with no risk of hitting a reused pid.
   */
  exit(process: Handle, exitCode: number, signal: number): void;
}

/**
 * What an embedded launchd needs from the system. Linux and mock only. Failures throw an Error with `code`
 * (`ENOENT`, …) and `syscall`, as Node's own.
 */
export interface SupervisorPort extends RecoveryPort {
  /** Binds and listens on a SOCK_SEQPACKET socket at `path` (bound beside it, then renamed over it), mode 0600. */
  createListener(path: string, backlog: number): number;
  /** Renames a listening socket, replacing what is at `to`. Clients that wait stay; descriptors stay good. */
  moveListener(from: string, to: string): void;
  /** The pid of the last process that called listen() on it: the supervisor's, or that of a job which checked in. */
  listenerPid(descriptor: number): number;
  /** Reports the next waiting client, once. */
  watch(descriptor: number): void;
  unwatch(descriptor: number): void;
  /** True when a live process listens at `path`. */
  isListening(path: string): boolean;
  /** Takes an exclusive flock on `path` (created 0600, close-on-exec); -1 when another process has it. */
  lock(path: string): number;
  /** Starts a process with exactly the given descriptors, a session of its own and default signal handlers. */
  spawn(options: SpawnOptions): SpawnedProcess;
  /** Sends a signal to the process, or to its whole process group. False when it is gone. */
  signal(process: Handle, signal: number, isGroup: boolean): boolean;
  /** Closes a descriptor this port created. */
  closeDescriptor(descriptor: number): void;
  /** Whether the port keeps the event loop alive. A new port does not. */
  setActive(isActive: boolean): void;
  /** Stops watching; does not end processes. */
  close(): void;
}
