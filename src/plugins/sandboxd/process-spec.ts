/** What a process's configuration asks for, with the names in it resolved by the container's own files. */
import type { ContainerConfiguration, ProcessConfiguration } from '../../compat/index.js';
import { findUser, homeOfUser } from './root/users.js';
import type { ProcessSpec } from './sandbox/index.js';
import { SSH_SOCKET, SSH_VARIABLE } from './sandbox-spec.js';

/** What a process without a PATH gets, as from login(1). */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The process to run in the container whose root directory is `root`. PATH, HOME and, with a terminal, TERM are added
 * where the configuration says nothing.
 * @throws LaunchportError `invalidArgument` for a user or group that the container does not know
 */
export async function processSpec(
  root: string,
  configuration: ProcessConfiguration,
  container: Pick<ContainerConfiguration, 'ssh'>,
): Promise<ProcessSpec> {
  const user = await userOf(root, configuration);
  const { environment } = configuration;
  const has = (name: string) => environment.some((entry) => entry.startsWith(`${name}=`));
  const added: [string, string | undefined][] = [
    ['PATH', DEFAULT_PATH],
    ['HOME', user.home ?? '/'],
    ['TERM', configuration.terminal ? 'xterm' : undefined],
    [SSH_VARIABLE, container.ssh ? SSH_SOCKET : undefined],
  ];
  return {
    executable: configuration.executable,
    arguments: configuration.arguments,
    environment: [
      ...added.flatMap(([name, value]) => (value === undefined || has(name) ? [] : [`${name}=${value}`])),
      ...environment,
    ],
    workingDirectory: configuration.workingDirectory || '/',
    user: { uid: user.uid, gid: user.gid },
    supplementalGroups: [...new Set([...configuration.supplementalGroups, ...user.groups])],
    rlimits: configuration.rlimits,
    isTerminal: configuration.terminal,
  };
}

async function userOf(root: string, { user }: ProcessConfiguration) {
  if ('raw' in user) return findUser(root, user.raw.userString);
  const { uid, gid } = user.id;
  return { uid, gid, groups: [], home: await homeOfUser(root, uid) };
}
