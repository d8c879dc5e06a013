/** The supervisor's private directory: checked, locked, and cleared of what a dead supervisor left. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { delay, errorText, LaunchportError, type Logger, MAX_SERVICE_NAME_BYTES } from '../base/index.js';
import { bootstrapPath, MAX_SOCKET_PATH_BYTES, type SupervisorPort } from '../native/index.js';

/** Longest runtime directory: after it come `/bootstrap/`, an `@` and the 32 digits of a digest. */
const MAX_DIRECTORY_BYTES = MAX_SOCKET_PATH_BYTES - '/bootstrap/@'.length - 32;

/** Looks for sockets going stale when a supervisor starts, and milliseconds between them. */
const STALE_LOOKS = { count: 50, pause: 10 } as const;

/** The locked directory of a running supervisor. */
export interface StateDirectory {
  readonly directory: string;
  /** Where the sockets are, one per Mach service. */
  readonly bootstrapDirectory: string;
  /**
   * Removes the sockets nobody listens on. Waits half a second for those that are served, for jobs of a supervisor
   * that was killed a moment ago are still dying. What is served then, by a process that outlived its supervisor or
   * was started by hand, is left alone, and its name refused to jobs. Does not look at the paths of `inUse`.
   */
  removeStaleSockets(inUse?: ReadonlySet<string>): Promise<void>;
  /** Lets the next supervisor in. The lock file stays: removing it would let two supervisors hold two locks. */
  unlock(): void;
}

/**
 * Makes `path` a private directory (mode 0700), locks it and writes the pid into the lock file. Checks come first,
 * so a refusal changes nothing.
 * @throws LaunchportError ERR_LAUNCHD_SOCKET_PATH when the path is too long for any socket in it;
 * ERR_LAUNCHD_PERMISSION when the directory is not private; ERR_SUPERVISOR_RUNNING when another supervisor has it
 */
export function openStateDirectory(path: string, port: SupervisorPort, logger: Logger): StateDirectory {
  const directory = resolve(path);
  const bootstrapDirectory = join(directory, 'bootstrap');
  const lockPath = join(directory, 'lock');
  assertShortEnough(directory, bootstrapDirectory);
  const lock = explained(directory, () => {
    const isThere = isPrivateDirectory(directory);
    if (isThere) isPrivateDirectory(bootstrapDirectory);
    else mkdirSync(directory, { recursive: true, mode: 0o700 });
    return port.lock(lockPath);
  });
  if (lock < 0) throw alreadyRunning(directory, readPid(lockPath));
  try {
    explained(directory, () => {
      writeFileSync(lockPath, `${process.pid}\n`, { mode: 0o600 });
      mkdirSync(bootstrapDirectory, { recursive: true, mode: 0o700 });
      // Again, now that no other supervisor touches them: the umask may have taken bits, or somebody came first.
      for (const each of [directory, bootstrapDirectory]) isPrivateDirectory(each);
    });
  } catch (error) {
    port.closeDescriptor(lock);
    throw error;
  }
  const unlock = () => {
    try {
      // Not created anew when somebody has removed the directory.
      truncateSync(lockPath);
    } finally {
      port.closeDescriptor(lock);
    }
  };
  const removeStaleSockets = (inUse: ReadonlySet<string> = new Set()) =>
    removeStaleWithin(bootstrapDirectory, { port, logger, inUse });
  return { directory, bootstrapDirectory, removeStaleSockets, unlock };
}

/** What {@link inspectStateDirectory} finds. */
export interface StateDirectoryReport {
  readonly exists: boolean;
  /** Why no supervisor can use it; undefined when one can. */
  readonly problem: LaunchportError | undefined;
  /** The supervisor that runs in it. */
  readonly supervisorPid: number | undefined;
}

/** Looks at a runtime directory as a supervisor would that starts in it, and changes nothing. Never throws. */
export function inspectStateDirectory(path: string): StateDirectoryReport {
  const directory = resolve(path);
  const bootstrapDirectory = join(directory, 'bootstrap');
  let exists = false;
  try {
    assertShortEnough(directory, bootstrapDirectory);
    exists = explained(directory, () => isPrivateDirectory(directory));
    if (exists) explained(bootstrapDirectory, () => isPrivateDirectory(bootstrapDirectory));
  } catch (error) {
    const problem = error instanceof LaunchportError ? error : refused(errorText(error), directory, {});
    return { exists: true, problem, supervisorPid: undefined };
  }
  return {
    exists,
    problem: undefined,
    supervisorPid: exists ? lockHolder(join(directory, 'lock')) : undefined,
  };
}

/** The pid in the lock file, if it is one that lives and the file is locked: one that was killed leaves its pid. */
function lockHolder(lockPath: string): number | undefined {
  const pid = readPid(lockPath);
  if (pid === undefined || !isAlive(pid)) return undefined;
  try {
    const { ino } = lstatSync(lockPath);
    const isLocked = new RegExp(`FLOCK .*:${ino} `).test(readFileSync('/proc/locks', 'utf8'));
    return isLocked ? pid : undefined;
  } catch {
    return pid;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether the directory exists. One that does must be a directory, ours, and closed to others. */
function isPrivateDirectory(directory: string): boolean {
  const status = lstatSync(directory, { throwIfNoEntry: false });
  if (status === undefined) return false;
  const uid = process.geteuid?.() ?? 0;
  const details = { directory, uid: status.uid, mode: status.mode & 0o7777 };
  if (!status.isDirectory()) {
    throw refused('the runtime directory is a symbolic link or no directory', directory, details, {
      hint: 'Remove it, or set LAUNCHPORT_RUNTIME_DIR to a directory of your own.',
    });
  }
  if (status.uid !== uid) {
    throw refused(`the runtime directory belongs to uid ${status.uid}, not to ${uid}`, directory, details);
  }
  if ((status.mode & 0o077) !== 0) {
    throw refused('the runtime directory is open to other users', directory, details, {
      hint: `Run: chmod 700 ${directory}`,
    });
  }
  return true;
}

/** The system's own refusals, in our words: a parent that is a file, a read-only file system, no permission. */
function explained<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LaunchportError) throw error;
    throw refused(
      `the runtime directory cannot be used (${errorText(error)})`,
      directory,
      {},
      { cause: error },
    );
  }
}

function refused(
  what: string,
  directory: string,
  details: Readonly<Record<string, unknown>>,
  {
    hint = 'Set LAUNCHPORT_RUNTIME_DIR to a directory of your own.',
    cause,
  }: { hint?: string; cause?: unknown } = {},
): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_PERMISSION', `${what}: ${directory}`, {
    hint,
    details: { directory, ...details },
    cause,
  });
}

/** Checked with the longest name there is: if this fits, every name does. */
function assertShortEnough(directory: string, bootstrapDirectory: string): void {
  try {
    bootstrapPath(bootstrapDirectory, 'x'.repeat(MAX_SERVICE_NAME_BYTES));
  } catch (cause) {
    const length = Buffer.byteLength(directory);
    throw new LaunchportError(
      'ERR_LAUNCHD_SOCKET_PATH',
      `the runtime directory is too long for the sockets in it: ${directory}`,
      {
        hint: `Set LAUNCHPORT_RUNTIME_DIR to a path ${length - MAX_DIRECTORY_BYTES} bytes shorter.`,
        details: { directory, length, limit: MAX_DIRECTORY_BYTES },
        cause,
      },
    );
  }
}

async function removeStaleWithin(
  directory: string,
  {
    port,
    logger,
    inUse,
  }: { readonly port: SupervisorPort; readonly logger: Logger; readonly inUse: ReadonlySet<string> },
): Promise<void> {
  let served = explained(directory, () => removeStale(directory, port, inUse));
  for (let look = 1; look < STALE_LOOKS.count && served.length > 0; look += 1) {
    await delay(STALE_LOOKS.pause);
    served = explained(directory, () => removeStale(directory, port, inUse));
  }
  for (const path of served) {
    logger.warn('a socket is served by a process of no supervisor; its name is taken', { path });
  }
}

function removeStale(directory: string, port: SupervisorPort, inUse: ReadonlySet<string>): string[] {
  const paths = readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((path) => !inUse.has(path));
  const served = paths.filter((path) => port.isListening(path));
  for (const path of paths) if (!served.includes(path)) rmSync(path, { force: true, recursive: true });
  return served;
}

function alreadyRunning(directory: string, pid: number | undefined): LaunchportError {
  const owner = pid === undefined ? 'another process' : `process ${pid}`;
  return new LaunchportError(
    'ERR_SUPERVISOR_RUNNING',
    `a supervisor is already running in ${directory}: ${owner}`,
    {
      hint: 'Use that one, stop it, or set LAUNCHPORT_RUNTIME_DIR to another directory.',
      details: { directory, ...(pid === undefined ? {} : { pid }) },
    },
  );
}

function readPid(lockPath: string): number | undefined {
  try {
    const text = readFileSync(lockPath, 'utf8').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
