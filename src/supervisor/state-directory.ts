/** The supervisor's private directory: checked, locked, and cleared of what a dead supervisor left. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchportError, type Logger } from '../base/index.js';
import { bootstrapPath, type SupervisorPort } from '../native/index.js';

/** The locked directory of a running supervisor. */
export interface StateDirectory {
  readonly directory: string;
  /** Where the sockets are, one per Mach service. */
  readonly bootstrapDirectory: string;
  /** Lets the next supervisor in. The lock file stays: removing it would let two supervisors hold two locks. */
  unlock(): void;
}

/**
 * Makes `path` a private directory (mode 0700), locks it, writes the pid into the lock file and removes the sockets
 * nobody listens on any more. A socket that is still served is left alone: its name is then refused when a job
 * wants it. Checks come first, so a refusal changes nothing.
 * @throws LaunchportError ERR_LAUNCHD_SOCKET_PATH when the path is too long for any socket in it;
 * ERR_LAUNCHD_PERMISSION when the directory is not private; ERR_SUPERVISOR_RUNNING when another supervisor has it
 */
export function openStateDirectory(path: string, port: SupervisorPort, logger: Logger): StateDirectory {
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
    removeStaleSockets(bootstrapDirectory, port, logger);
  } catch (error) {
    port.closeDescriptor(lock);
    throw error;
  }
  const unlock = () => {
    writeFileSync(lockPath, '');
    port.closeDescriptor(lock);
  };
  return { directory, bootstrapDirectory, unlock };
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

function removeStaleSockets(directory: string, port: SupervisorPort, logger: Logger): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (port.isListening(path)) {
      logger.warn('a service socket is still served by a process of no supervisor', { path });
    } else {
      rmSync(path, { force: true });
    }
  }
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
