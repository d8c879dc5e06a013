/** What the API server leaves in a container's directory before its runtime is started: here, the least there can be. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeJson, RUNTIME_CONFIGURATION_FILE, runtimeConfiguration } from '../compat/index.js';

/** Writes it. The container is never booted. */
export async function writeContainerDirectory(directory: string, id: string): Promise<void> {
  const root = join(directory, 'root');
  await mkdir(root, { recursive: true });
  const filesystem = { type: { virtiofs: {} }, source: root, destination: '/', options: [] };
  const descriptor = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: 'sha256:0', size: 0 };
  const configuration = runtimeConfiguration.parse({
    path: directory,
    initialFilesystem: filesystem,
    kernel: {
      path: '/none',
      platform: { os: 'linux', architecture: 'amd64' },
      commandLine: { kernelArgs: [], initArgs: [] },
    },
    containerConfiguration: {
      id,
      image: { reference: 'verify', descriptor },
      initProcess: {
        executable: '/bin/true',
        arguments: [],
        environment: [],
        workingDirectory: '/',
        terminal: false,
        user: { id: { uid: 0, gid: 0 } },
        supplementalGroups: [],
        rlimits: [],
      },
    },
    containerRootFilesystem: filesystem,
    options: { autoRemove: false },
  });
  await writeFile(
    join(directory, RUNTIME_CONFIGURATION_FILE),
    encodeJson(runtimeConfiguration, configuration),
  );
}
