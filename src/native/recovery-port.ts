/** What recovery from a killed supervisor needs of the system: telling processes apart, and a keeper of sockets. */
import type { Handle } from './records.js';

/** A started process. */
export interface SpawnedProcess {
  /** Identifies the process to the binding, immune to pid reuse (a pidfd underneath). */
  readonly process: Handle;
  readonly pid: number;
}

/** Tells a process from every other that has, had or will have its number. */
export interface ProcessIdentity {
  /** Clock ticks from the boot to its start (proc_pid_stat(5), field 22). */
  readonly startTime: number;
  /** Of the running kernel (/proc/sys/kernel/random/boot_id). */
  readonly bootId: string;
}

/** What a keeper can be asked; native/linux/launchd/keeper/protocol.h has the same numbers. */
export const KeeperOperation = { hello: 1, store: 2, remove: 3, take: 4, end: 5 } as const;

/** One question to a keeper. */
export interface KeeperRequest {
  /** One of {@link KeeperOperation}. */
  readonly operation: number;
  /** Of a socket, at most 127 bytes: for `store` and `remove`. */
  readonly name?: string;
  /** Which socket `take` asks for, from 0 in the order in which they were stored. */
  readonly index?: number;
  /** For `store`: an integer that comes back with the socket. */
  readonly tag?: number;
  /** The listening socket to `store`; the keeper gets a duplicate. */
  readonly descriptor?: number;
}

/** A keeper's answer. */
export interface KeeperAnswer {
  /** An errno; 0 for success. `take` past the last: ENOENT. */
  readonly status: number;
  /** Sockets it has. */
  readonly count: number;
  readonly pid: number;
  /** Of the socket taken, else 0. */
  readonly tag: number;
  /** Of the socket taken, else empty. */
  readonly name: string;
  /** A duplicate of the socket taken, which the port owns as if it had made it; else -1. */
  readonly descriptor: number;
}

/** The part of a supervisor port that recovers. */
export interface RecoveryPort {
  /** Undefined when no such process is there. */
  processIdentity(pid: number): ProcessIdentity | undefined;
  /**
   * Takes over a process that another supervisor started; undefined when it is gone or not the one of `identity`. Its
   * end is reported as that of one that was started here, with exit code -1 where nobody can tell how it ended: it is
   * some other process's child, which may have taken its status already, and Linux before 6.15 keeps none.
   */
  adopt(pid: number, identity: ProcessIdentity): SpawnedProcess | undefined;
  /** The program that keeps sockets: `keeperProgram() SOCKET UNATTENDED_MS`, listening socket as descriptor 3. */
  keeperProgram(): string;
  /** A connection to the keeper listening at `path`, for {@link callKeeper}; -1 when there is none. EACCES for another user's. */
  connectKeeper(path: string): number;
  /** Asks and waits for the answer, at most 2 seconds: ETIMEDOUT; EPIPE or ECONNRESET when the keeper is gone. */
  callKeeper(connection: number, request: KeeperRequest): KeeperAnswer;
}
