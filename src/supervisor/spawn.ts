/** Starting a job's process: executable, environment, streams and listeners put together. */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { isExecutable } from '../base/programs/index.js';
import type { SpawnedProcess } from '../native/index.js';
import { standardPath } from './environment.js';
import type { JobRecord } from './job-history.js';
import type { JobHost, JobInputs } from './job-host.js';
import { openStdio } from './stdio.js';

/**
 * Sent to a job when its supervisor dies without a word. Not SIGTERM, which a job may ignore: what is left behind
 * would keep its services from the next supervisor.
 */
const PARENT_DEATH_SIGNAL = constants.signals.SIGKILL;

/**
 * Starts the process with descriptors 0, 1, 2 and one per endpoint, and nothing else. With a journal it outlives a
 * supervisor that dies, and is in the journal before it executes; `record` is asked for then.
 * @throws the system's error, with `code` and `syscall`; nothing then runs and nothing stays open
 */
export function spawnJob(host: JobHost, inputs: JobInputs, record: () => JobRecord): SpawnedProcess {
  const { port, journal } = host;
  const { target, settings, endpoints } = inputs;
  const file = findProgram(settings.program, settings.workingDirectory);
  const stdio = openStdio(settings.stdio, settings.umask);
  try {
    return port.spawn({
      file,
      args: settings.args,
      env: host.environment(settings),
      cwd: settings.workingDirectory,
      stdio: stdio.descriptors,
      listeners: endpoints.map(({ name, descriptor }) => ({ name, descriptor })),
      ...(settings.umask === undefined ? {} : { umask: settings.umask }),
      ...(settings.nice === undefined ? {} : { nice: settings.nice }),
      ...(settings.limits === undefined ? {} : { limits: settings.limits }),
      ...settings.identity,
      ...(journal === undefined
        ? { parentDeathSignal: PARENT_DEATH_SIGNAL }
        : { forked: (pid) => journal.forked(target, record(), pid) }),
    });
  } finally {
    stdio.close();
  }
}

/** Why a start failed, for people: `ENOENT: /usr/local/bin/missing (execve)`. */
export function spawnFailureText(error: unknown, program: string): string {
  if (!(error instanceof Error)) return String(error);
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === undefined) return error.message;
  // execve says ENOENT of a script whose interpreter is missing, too.
  const isScript = code === 'ENOENT' && syscall === 'execve' && existsSync(path ?? program);
  const where = isScript ? ': the interpreter of its first line is missing' : '';
  return `${code}: ${path ?? program}${syscall === undefined ? '' : ` (${syscall})`}${where}`;
}

/** The absolute path of a program: a bare name is looked up in the standard path, not in the job's own PATH. */
function findProgram(program: string, workingDirectory: string): string {
  if (program.includes('/')) return resolve(workingDirectory, program);
  const candidates = standardPath()
    .split(delimiter)
    .map((directory) => join(directory, program));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  const error: NodeJS.ErrnoException = new Error(`not found in ${standardPath()}: ${program}`);
  throw Object.assign(error, { code: 'ENOENT', syscall: 'execve', path: program });
}
