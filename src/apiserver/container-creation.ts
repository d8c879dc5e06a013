/** Creation of a container: checks, the root directory from its image, and the files its runtime starts from. */
import { join } from 'node:path';
import {
  type ContainerConfiguration,
  type ContainerCreateOptions,
  type Filesystem,
  hostPlatform,
  type Kernel,
} from '../compat/index.js';
import { assertContainerId } from '../plugin/index.js';
import { type ProgressReporter, routeError } from '../routes/index.js';
import { ContainerEntry } from './container-entry.js';
import type { ContainerHost } from './container-lifecycle.js';
import type { ImageRoots } from './image-roots.js';

const MIB = 1024 * 1024;

/** The least memory, in bytes, that makes sense: a virtual machine needs upstream's 200 MiB, a sandbox next to nothing. */
const MINIMUM_MEMORY = { 'container-runtime-linux': 200 * MIB, other: 6 * MIB } as const;

/** Directory of a container's own root, in its own. */
const ROOT = 'rootfs';

/** For readers of upstream's file format, which requires both: a sandbox boots nothing. */
const NO_INITIAL_FILESYSTEM: Filesystem = {
  type: { tmpfs: {} },
  source: 'tmpfs',
  destination: '/',
  options: ['ro'],
};
const noKernel = (): Kernel => ({
  path: '/dev/null',
  platform: { os: 'linux', architecture: hostPlatform().architecture === 'arm64' ? 'arm64' : 'amd64' },
  commandLine: { kernelArgs: [], initArgs: [] },
});

/** What a container is made from. */
export interface CreateRequest {
  readonly configuration: ContainerConfiguration;
  readonly options: ContainerCreateOptions;
  /** Passed to the runtime as they came; a sandbox has no use for them. */
  readonly kernel?: Kernel;
  readonly runtimeData?: Uint8Array;
}

/** How a creation is watched. */
export interface CreateBounds {
  readonly signal?: AbortSignal;
  readonly progress: ProgressReporter;
}

/**
 * Creates a container. It appears whole or not at all.
 * @throws LaunchportError ERR_PLUGIN_INSTANCE, ERR_IMAGE_NOT_FOUND, and with codes on the wire `exists` for a taken id
 *   or hostname, `notFound` for an absent runtime or network, `invalidArgument` for too little memory
 */
export async function createContainer(
  host: ContainerHost & { readonly images: ImageRoots },
  { configuration, options, kernel, runtimeData }: CreateRequest,
  { signal, progress }: CreateBounds,
): Promise<void> {
  const { id, runtimeHandler } = configuration;
  assertContainerId(id);
  assertMemory(configuration);
  const createdAt = new Date();
  const directory = host.store.directory(id);
  const entry = new ContainerEntry({ id, directory, configuration, options, createdAt });
  entry.phase = 'creating';
  host.table.reserve(entry);
  try {
    await host.instances.plugin('container', runtimeHandler);
    for (const { network } of configuration.networks) host.networks.plugin(network);
    const staged = await host.store.stage(id);
    try {
      const root = await makeRoot(host, { configuration, options }, staged.directory, {
        ...definedSignal(signal),
        progress,
      });
      const containerRootFilesystem = { ...root, source: root.source.replace(staged.directory, directory) };
      await host.store.writeNew(
        staged.directory,
        {
          path: directory,
          initialFilesystem: NO_INITIAL_FILESYSTEM,
          kernel: kernel ?? noKernel(),
          ...(runtimeData === undefined ? {} : { runtimeData }),
          containerConfiguration: configuration,
          containerRootFilesystem,
          options,
        },
        createdAt,
      );
      await staged.commit();
    } catch (error) {
      await staged.discard();
      throw error;
    }
  } catch (error) {
    host.table.remove(id);
    throw error;
  }
  entry.phase = 'ready';
  host.logger.info('container created', { id, runtime: runtimeHandler });
  host.events.emit({
    kind: 'container created',
    id,
    image: configuration.image.reference,
    runtime: runtimeHandler,
  });
}

/** The root file system of a container: the image's shared one when nothing is written to it, else a copy of its own. */
async function makeRoot(
  { images }: { readonly images: ImageRoots },
  { configuration, options }: Pick<CreateRequest, 'configuration' | 'options'>,
  staging: string,
  { signal, progress }: CreateBounds,
): Promise<Filesystem> {
  if (options.rootFsOverride !== undefined) return options.rootFsOverride;
  const bounds = { ...definedSignal(signal), progress };
  const shared = await images.find(configuration.image, bounds);
  const root = (source: string): Filesystem => ({
    type: { virtiofs: {} },
    source,
    destination: '/',
    options: configuration.readOnly ? ['ro'] : [],
  });
  if (configuration.readOnly) return root(shared);
  const own = join(staging, ROOT);
  await images.copy(shared, own, bounds);
  return root(own);
}

function assertMemory({ runtimeHandler, resources }: ContainerConfiguration): void {
  const minimum =
    runtimeHandler === 'container-runtime-linux'
      ? MINIMUM_MEMORY['container-runtime-linux']
      : MINIMUM_MEMORY.other;
  if (resources.memoryInBytes >= minimum) return;
  throw routeError(
    'invalidArgument',
    `minimum memory amount allowed is ${minimum / MIB} MiB (got ${resources.memoryInBytes} bytes)`,
  );
}

function definedSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
