/** What a container's configuration asks of its sandbox. */
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { ContainerConfiguration, Filesystem } from '../../compat/index.js';
import { routeError } from '../../sdk/index.js';
import { containerHostname, hostsFile, type NetworkFiles } from './network-files.js';
import type { SandboxMount, SandboxSpec } from './sandbox/index.js';

/** Where a container finds the agent of its user, as upstream has it. */
export const SSH_SOCKET = '/var/host-services/ssh-auth.sock';
export const SSH_VARIABLE = 'SSH_AUTH_SOCK';

/** What a spec needs besides the configuration. */
export interface SpecSettings {
  /** The root directory on the host. */
  readonly root: string;
  /** See `SandboxSpec.stateDirectory`. */
  readonly stateDirectory: string;
  /** Environment of this start. */
  readonly dynamicEnv: Readonly<Record<string, string>>;
  /** Whether the system can give a container a network of its own. */
  readonly hasNamespaces: boolean;
}

/**
 * The sandbox of a container whose networks are not there yet.
 * @throws LaunchportError `invalidArgument` or `unsupported` for a mount that cannot be had
 */
export async function sandboxSpec(
  configuration: ContainerConfiguration,
  settings: SpecSettings,
): Promise<SandboxSpec> {
  const { resources, networks } = configuration;
  const own = networks.length > 0 ? 'own' : 'none';
  return {
    id: configuration.id,
    root: settings.root,
    isReadOnly: configuration.readOnly,
    hostname: containerHostname(configuration),
    mounts: [
      ...(await Promise.all(configuration.mounts.map(sandboxMount))),
      ...sshMount(configuration, settings.dynamicEnv),
    ],
    tmpfs: [],
    network: settings.hasNamespaces ? own : 'host',
    files: networkFilesFor(configuration),
    resources: { cpus: resources.cpus, memoryInBytes: resources.memoryInBytes },
    capabilities: { add: configuration.capAdd, drop: configuration.capDrop },
    ...(configuration.shmSize === undefined ? {} : { shmSize: configuration.shmSize }),
    ...(configuration.maskedPaths === undefined ? {} : { maskedPaths: configuration.maskedPaths }),
    ...(configuration.readonlyPaths === undefined ? {} : { readonlyPaths: configuration.readonlyPaths }),
    sysctls: configuration.sysctls,
    stateDirectory: settings.stateDirectory,
  };
}

/** What is in the files before the networks are there. */
function networkFilesFor(configuration: ContainerConfiguration): NetworkFiles {
  return {
    '/etc/hosts': hostsFile(configuration, []),
    '/etc/resolv.conf': '',
    '/etc/hostname': `${containerHostname(configuration)}\n`,
  };
}

/** @throws LaunchportError `invalidArgument`, `unsupported` */
async function sandboxMount({ type, source, destination, options }: Filesystem): Promise<SandboxMount> {
  if (!isAbsolute(destination)) throw routeError('invalidArgument', `not an absolute path: ${destination}`);
  if ('tmpfs' in type) return { kind: 'tmpfs', source: '', destination, options };
  if (!isAbsolute(source)) throw routeError('invalidArgument', `not an absolute path: ${source}`);
  const found = await stat(source).catch(() => undefined);
  if (found === undefined)
    throw routeError('invalidArgument', `there is no ${source} to mount at ${destination}`);
  const isImage = 'block' in type || ('volume' in type && !found.isDirectory());
  if (isImage) throw routeError('unsupported', `sandboxd mounts directories, not the disk image ${source}`);
  return { kind: 'bind', source, destination, options };
}

function sshMount(
  { ssh }: ContainerConfiguration,
  dynamicEnv: Readonly<Record<string, string>>,
): readonly SandboxMount[] {
  const source = ssh ? dynamicEnv[SSH_VARIABLE] : undefined;
  if (source === undefined || !isAbsolute(source)) return [];
  return [{ kind: 'bind', source, destination: SSH_SOCKET, options: [] }];
}
