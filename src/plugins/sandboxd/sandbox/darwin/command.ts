/** What is run on macOS for a process of a sandbox. */
import { join, resolve } from 'node:path';
import { LaunchportError } from '../../../../base/index.js';
import { plainLimitName } from '../linux/resource-limits.js';
import type { ProcessSpec, ResourceLimit } from '../sandbox.js';

/** Options of sh's ulimit, which counts in the given number of bytes. */
const ULIMIT: Readonly<Record<string, readonly [option: string, unit: bigint]>> = {
  CORE: ['c', 512n],
  CPU: ['t', 1n],
  DATA: ['d', 1024n],
  FSIZE: ['f', 512n],
  MEMLOCK: ['l', 1024n],
  NOFILE: ['n', 1n],
  NPROC: ['u', 1n],
  STACK: ['s', 1024n],
  AS: ['v', 1024n],
};

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/**
 * The arguments of sandbox-exec. There is no root to change to, so paths of the sandbox are written out as what they are
 * on the host: the command, and the directory in which it runs. What is not found ends with 127, as sh has it.
 * @param exists whether a path of the host can be run
 * @throws LaunchportError ERR_UNSUPPORTED for a limit that sh cannot set
 */
export function sandboxCommand(
  root: string,
  profile: string,
  process: ProcessSpec,
  exists: (path: string) => boolean,
): string[] {
  const script = [
    // A session without a terminal gets the one that it opens.
    ...(process.isTerminal ? ['exec <"$(/usr/bin/tty)"'] : []),
    ...process.rlimits.flatMap(limitCommands),
    'cd "$0" || exit 126',
    'exec "$@"',
  ].join('; ');
  const directory = join(root, resolve('/', process.workingDirectory));
  const executable = findExecutable(root, process, exists);
  return ['-f', profile, '/bin/sh', '-c', script, directory, executable, ...process.arguments];
}

function findExecutable(root: string, process: ProcessSpec, exists: (path: string) => boolean): string {
  const { executable, environment } = process;
  if (executable.includes('/')) return join(root, resolve('/', process.workingDirectory, executable));
  const path = environment.findLast((entry) => entry.startsWith('PATH='))?.slice(5) ?? DEFAULT_PATH;
  const found = path
    .split(':')
    .map((directory) => join(root, resolve('/', directory, executable)))
    .find(exists);
  // With a slash, so that sh does not look for it on the host.
  return found ?? join(root, executable);
}

function limitCommands({ limit, soft, hard }: ResourceLimit): string[] {
  const [option, unit] = ULIMIT[plainLimitName(limit)] ?? [];
  if (option === undefined || unit === undefined) {
    throw new LaunchportError(
      'ERR_UNSUPPORTED',
      `macOS has no resource limit ${limit} that a sandbox can set`,
    );
  }
  const value = (number: bigint | number) => {
    if (typeof number === 'number' && !Number.isSafeInteger(number)) return 'unlimited';
    return BigInt(number) < 0n || BigInt(number) >= 2n ** 63n - 1n ? 'unlimited' : BigInt(number) / unit;
  };
  return [`ulimit -S -${option} ${value(soft)}`, `ulimit -H -${option} ${value(hard)}`].map(
    (command) => `${command} || exit 126`,
  );
}
