/** What a sandbox is to the runtime above it: one container's isolation, its processes, their ends and their cost. */
import type { Logger } from '../../../base/index.js';

/** A limit as setrlimit(2) knows it. */
export interface ResourceLimit {
  /** `RLIMIT_NOFILE`, `nofile`, …: upper or lower case, with or without the prefix. */
  readonly limit: string;
  readonly soft: bigint | number;
  readonly hard: bigint | number;
}

/** A process to run in a sandbox. */
export interface ProcessSpec {
  /** A path in the sandbox, or a name to look up in the PATH of `environment`. */
  readonly executable: string;
  /** What follows argv[0], which is `executable`. */
  readonly arguments: readonly string[];
  /** `NAME=value`, all that the process gets; nothing of the caller's is inherited. */
  readonly environment: readonly string[];
  /** Made when it is missing and can be made. */
  readonly workingDirectory: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly supplementalGroups: readonly number[];
  readonly rlimits: readonly ResourceLimit[];
  /** The three descriptors are the terminal's side of a pty, which becomes the controlling terminal. */
  readonly isTerminal: boolean;
}

/**
 * Descriptors that become 0, 1 and 2 of the process. They are duplicated before `start` or `exec` returns its promise:
 * the caller closes its own afterwards.
 */
export interface ProcessStdio {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** How a process ended. */
export interface ProcessExit {
  /** 0 to 255 as the process said it, or 128 + n when signal n ended it; 127 and 126 when it could not be run. */
  readonly code: number;
  /** When the end was observed. */
  readonly exitedAt: Date;
}

/** A process of a sandbox, started by `start` or `exec`. */
export interface SandboxProcess {
  /** Its id outside the sandbox; of one that could not be run, of what tried. */
  readonly hostPid: number;
  /** Resolves once; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal by number, to this very process and never to another that got its id. After its end: nothing. */
  kill(signal: number): void;
}

/** Something of the host that is seen in the sandbox. */
export interface SandboxMount {
  readonly kind: 'bind' | 'tmpfs';
  /** An absolute path of the host; not used for tmpfs. */
  readonly source: string;
  /** An absolute path in the sandbox; made when it is missing. */
  readonly destination: string;
  /** `ro`, and for tmpfs `size=BYTES` (with k, m, g) and `mode=OCTAL`; others are ignored. */
  readonly options: readonly string[];
}

/** The files that a runtime writes for its container. */
export type SandboxFile = '/etc/hosts' | '/etc/resolv.conf' | '/etc/hostname';

/** What the processes of a sandbox may use together. */
export interface SandboxResources {
  /** Processors' worth of time; undefined for no limit. */
  readonly cpus?: number;
  readonly memoryInBytes?: bigint | number;
  /** How many processes and threads. */
  readonly pids?: number;
}

/** A sandbox to make. */
export interface SandboxSpec {
  /** Names its control group and log lines. */
  readonly id: string;
  /** The root directory on the host. */
  readonly root: string;
  /** The root is shown read-only, and nothing is ever written to it; /tmp, /run and /var/tmp are then in memory. */
  readonly isReadOnly: boolean;
  readonly hostname: string;
  readonly mounts: readonly SandboxMount[];
  /** Further directories in memory, beside those of {@link mounts}. */
  readonly tmpfs: readonly string[];
  /** `none`: a network namespace with nothing but lo. `own`: the same, for the caller to equip. `host`: the host's. */
  readonly network: 'none' | 'own' | 'host';
  /** Contents by path. They are kept in `stateDirectory` and bound into the sandbox. */
  readonly files: Partial<Readonly<Record<SandboxFile, string>>>;
  readonly resources: SandboxResources;
  /** Added to and dropped from the default set: `CAP_NET_ADMIN`, `net_admin`, `ALL`. A name in both is dropped. */
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
  /** Size of /dev/shm in bytes; default 64 MiB. */
  readonly shmSize?: bigint | number;
  /** Paths that are hidden; undefined for the usual ones of /proc and /sys. */
  readonly maskedPaths?: readonly string[];
  /** Paths that are read-only; undefined for the usual ones of /proc. */
  readonly readonlyPaths?: readonly string[];
  /** Kernel settings that belong to the sandbox's namespaces, as `net.ipv4.ip_forward`. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** A directory of this sandbox alone, which exists; files of the sandbox's own are kept in it. */
  readonly stateDirectory: string;
}

/** A running process of a sandbox. */
export interface ProcessInfo {
  /** Its id in the sandbox. */
  readonly pid: number;
  readonly hostPid: number;
  /** User id in the sandbox, as text. */
  readonly user?: string;
  /** The command line; of a process without one, its name in brackets. */
  readonly command: string;
  readonly startedAt: Date;
  /** Processor time, microseconds. */
  readonly cpuUsec: bigint;
  /** Resident memory. */
  readonly memoryBytes: bigint;
}

/** What a sandbox uses; what is not known is absent. */
export interface SandboxStatistics {
  readonly memoryUsageBytes?: bigint;
  readonly memoryLimitBytes?: bigint;
  readonly cpuUsageUsec?: bigint;
  readonly networkRxBytes?: bigint;
  readonly networkTxBytes?: bigint;
  readonly blockReadBytes?: bigint;
  readonly blockWriteBytes?: bigint;
  readonly numProcesses?: bigint;
}

/** A container's isolation. It ends when the program that made it ends. */
export interface Sandbox {
  /** What was asked for and could not be had on this host, a sentence each; also logged as warnings. */
  readonly notes: readonly string[];
  /** Resolves when the sandbox is no more, for whatever reason. Never rejects. */
  readonly ended: Promise<void>;
  /**
   * An open descriptor of the sandbox's network namespace; it belongs to the sandbox and closes with it. Undefined on
   * the host's network, on macOS, and after the end.
   */
  netns(): number | undefined;
  /** Replaces one of the files, for running processes too. One that was not in the spec is refused (RangeError). */
  writeFile(path: SandboxFile, content: string): Promise<void>;
  /**
   * Runs the container's command, once. When it ends, everything in the sandbox ends. Resolves when the command runs or
   * was found not to: `exited` then says 127 (not found) or 126 (cannot be run), and why is on its stderr.
   * @throws LaunchportError ERR_SANDBOX when the sandbox has ended or has its command already
   */
  start(init: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess>;
  /** Runs a further process, which ends with the sandbox at the latest. As {@link start} otherwise. */
  exec(spec: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess>;
  /** The processes in the sandbox, by id; empty after its end. */
  processes(): Promise<readonly ProcessInfo[]>;
  statistics(): Promise<SandboxStatistics>;
  /** Ends everything in the sandbox and removes what it had on the host. Harmless when called again. */
  destroy(): Promise<void>;
}

/** What a sandbox may use of its maker. */
export interface SandboxOptions {
  readonly logger?: Logger;
  /** Gives up making it; what was made is removed. A sandbox that exists is not touched. */
  readonly signal?: AbortSignal;
}
