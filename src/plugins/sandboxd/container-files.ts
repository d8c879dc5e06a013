/** The files of a container's directory: what the API server leaves there, and what a runtime must leave for it. */
import { open, readFile, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { errorText, writeFileAtomic } from '../../base/index.js';
import {
  type ContainerConfiguration,
  type ContainerCreateOptions,
  containerConfiguration,
  containerCreateOptions,
  decodeJson,
  encodeJson,
  type Filesystem,
  type Payload,
  RUNTIME_CONFIGURATION_FILE,
  runtimeConfiguration,
} from '../../compat/index.js';
import { routeError } from '../../sdk/index.js';
import { EXIT_FILE, type ExitRecord, exitRecord } from './exit-record.js';

/** The container's output. */
export const OUTPUT_LOG = 'stdio.log';
/** What the runtime has to say of it; named as upstream's, which is that of the virtual machine's init. */
export const BOOT_LOG = 'vminitd.log';

const CONFIGURATION = 'config.json';
const OPTIONS = 'options.json';

/** What a container is to be. */
export interface ContainerBundle {
  readonly configuration: ContainerConfiguration;
  /** Its root directory on the host. */
  readonly root: string;
}

/**
 * Reads what the container is to be, and writes `config.json` and `options.json`, which the API server expects of every
 * runtime. A `config.json` that is there already counts more than the file it was made from, as upstream has it.
 * @throws LaunchportError `notFound` without a configuration, `invalidArgument` for one that cannot be used,
 *   `unsupported` for a root that is no directory
 */
export async function openBundle(directory: string, id: string): Promise<ContainerBundle> {
  const runtime = await read(join(directory, RUNTIME_CONFIGURATION_FILE), runtimeConfiguration);
  if (runtime === undefined) {
    throw routeError('notFound', `no ${RUNTIME_CONFIGURATION_FILE} in ${directory}`);
  }
  const configuration =
    (await read(join(directory, CONFIGURATION), containerConfiguration)) ?? runtime.containerConfiguration;
  if (configuration === undefined) {
    throw routeError('invalidArgument', `${directory} does not say what container ${id} is`);
  }
  if (configuration.id !== id) {
    throw routeError('invalidArgument', `${directory} holds container ${configuration.id}, not ${id}`);
  }
  const options: ContainerCreateOptions = runtime.options ?? { autoRemove: false };
  const root = rootDirectory(options.rootFsOverride ?? runtime.containerRootFilesystem);
  await write(join(directory, CONFIGURATION), containerConfiguration, configuration);
  await write(join(directory, OPTIONS), containerCreateOptions, options);
  return { configuration, root };
}

/** Notes how the container ended. @throws the system's error */
export function writeExit(directory: string, record: ExitRecord): Promise<void> {
  return write(join(directory, EXIT_FILE), exitRecord, record);
}

/** Forgets how it ended before. @throws the system's error */
export function forgetExit(directory: string): Promise<void> {
  return rm(join(directory, EXIT_FILE), { force: true });
}

/** Adds lines to the log of what surrounds the container. @throws the system's error */
export async function noteBoot(directory: string, lines: readonly string[]): Promise<void> {
  const now = new Date().toISOString();
  const file = await open(join(directory, BOOT_LOG), 'a', 0o600);
  try {
    await file.appendFile(lines.map((line) => `${now} ${line}\n`).join(''));
  } finally {
    await file.close();
  }
}

function rootDirectory(root: Filesystem | undefined): string {
  if (root === undefined)
    throw routeError('invalidArgument', 'the configuration names no containerRootFilesystem');
  if (!('virtiofs' in root.type)) {
    const [kind = 'nothing'] = Object.keys(root.type);
    throw routeError(
      'unsupported',
      `sandboxd runs containers from a root directory, not from a file system of type ${kind}`,
      {
        hint: 'Create the container with launchport, which unpacks its image to a directory.',
      },
    );
  }
  if (!isAbsolute(root.source)) throw routeError('invalidArgument', `not an absolute path: ${root.source}`);
  return root.source;
}

async function read<T>(path: string, schema: Payload<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return decodeJson(schema, text);
  } catch (error) {
    throw routeError('invalidArgument', `cannot use ${path}: ${errorText(error)}`);
  }
}

function write<T>(path: string, schema: Payload<T>, value: T): Promise<void> {
  return writeFileAtomic(path, `${encodeJson(schema, value, 2)}\n`);
}
