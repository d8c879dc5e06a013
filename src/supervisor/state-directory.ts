/** The supervisor's private directory: checked, locked, and cleared of what a dead supervisor left. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchportError } from '../base/index.js';
import { bootstrapPath, type SupervisorPort } from '../native/index.js';

/** The locked directory of a running supervisor. */
export interface StateDirectory {
  readonly directory: string;
  /** Where the sockets are, one per Mach service. */
  readonly bootstrapDirectory: string;
  /**
   * Removes the sockets nobody listens on. Returns the paths of those that are served, by a process that outlived
   * its supervisor or was started by hand: they are left alone, and their names are refused to jobs.
   */
  removeStaleSockets(): readonly string[];
  /** Lets the next supervisor in. The lock file stays: removing it would let two supervisors hold two locks. */
  unlock(): void;
}

/**
 * Makes `path` a private directory (mode 0700), locks it and writes the pid into the lock file. Checks come first,
 * so a refusal changes nothing.
 * @throws LaunchportError ERR_LAUNCHD_SOCKET_PATH when the path is too long for any socket in it;
 * ERR_LAUNCHD_PERMISSION when the directory is not private; ERR_SUPERVISOR_RUNNING when another supervisor has it
 */
export function openStateDirectory(path: string, port: SupervisorPort): StateDirectory {
  const directory = resolve(path);
  const bootstrapDirectory = join(directory, 'bootstrap');
  // A name of the longest kind: if this fits, every name does.
  bootstrapPath(bootstrapDirectory, 'x'.repeat(127));
  makePrivateDirectory(directory);
  const lockPath = join(directory, 'lock');
  const lock = port.lock(lockPath);
  if (lock < 0) throw alreadyRunning(directory, readPid(lockPath));
  try {
    writeFileSync(lockPath, `${process.pid}\n`, { mode: 0o600 });
    makePrivateDirectory(bootstrapDirectory);
  } catch (error) {
    port.closeDescriptor(lock);
    throw error;
  }
  const unlock = () => {
    writeFileSync(lockPath, '');
    port.closeDescriptor(lock);
  };
  const removeStaleSockets = () => removeStale(bootstrapDirectory, port);
  return { directory, bootstrapDirectory, removeStaleSockets, unlock };
}

/** Creates the directory if it is missing, then insists that it is a directory, ours, and closed to others. */
function makePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const status = lstatSync(directory);
  const uid = process.getuid?.() ?? 0;
  const details = { directory, uid: status.uid, mode: status.mode & 0o7777 };
  const refuse = (what: string, hint: string) =>
    new LaunchportError('ERR_LAUNCHD_PERMISSION', `${what}: ${directory}`, { hint, details });
  if (!status.isDirectory()) {
    throw refuse(
      'the runtime directory is a symbolic link or no directory',
      'Remove it, or set LAUNCHPORT_RUNTIME_DIR to a directory of your own.',
    );
  }
  if (status.uid !== uid) {
    throw refuse(
      `the runtime directory belongs to uid ${status.uid}, not to ${uid}`,
      'Set LAUNCHPORT_RUNTIME_DIR to a directory of your own.',
    );
  }
  if ((status.mode & 0o077) !== 0) {
    throw refuse('the runtime directory is open to other users', `Run: chmod 700 ${directory}`);
  }
}

function removeStale(directory: string, port: SupervisorPort): string[] {
  const paths = readdirSync(directory).map((name) => join(directory, name));
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
