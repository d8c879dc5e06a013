/** Making a container, whole or not at all: whatever ends the command early, nothing of it is left. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { delay, errorText, isLaunchportError, LaunchportError, printable } from '../../base/index.js';
import { assertContainerId } from '../../plugin/index.js';
import { isRouteError } from '../../routes/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { type ConfigurationOptions, containerConfiguration } from './container-configuration.js';
import { about } from './failure.js';
import { findImage } from './image.js';
import { ProgressLine, type ProgressType } from './progress-line.js';
import type { ServerOptions, Services } from './server.js';

/** Options of `run` and `create`. */
export interface CreationOptions extends ConfigurationOptions, GlobalOptions, ServerOptions {
  readonly name?: string;
  readonly remove?: boolean;
  readonly cidfile?: string;
  readonly platform?: string;
  readonly progress: ProgressType;
}

/** A container that was made and has not run. */
export interface CreatedContainer {
  readonly id: string;
  /** Removes it again, and its cidfile. Never rejects: what is left is told. */
  discard(): Promise<void>;
}

/** The runtime plugin, and the network, of containers that name none. */
const DEFAULT_RUNTIME = 'sandboxd';
const DEFAULT_NETWORK = 'default';
/** Milliseconds to remove what was made, and between two tries. */
const DISCARD_MS = 30_000;
const RETRY_MS = 200;

/**
 * Makes the container.
 * @throws LaunchportError ERR_USAGE, ERR_IMAGE_NOT_FOUND, ERR_CONTAINER_EXISTS and what else the server says
 */
export async function createFrom(
  context: CliContext,
  services: Services,
  image: string,
  command: readonly string[],
  options: CreationOptions,
): Promise<CreatedContainer> {
  const id = options.name ?? randomUUID();
  assertContainerId(id);
  if (options.hostname !== undefined && options.network.includes('none')) {
    context.stderr.write('warning: --hostname is for containers that have a network\n');
  }
  const { containers, networks, wait } = services;
  const stored = await findImage(context, services, image, options.platform);
  const configuration = await containerConfiguration(
    context,
    {
      id,
      image: stored,
      command,
      runtime: DEFAULT_RUNTIME,
      defaultNetwork: options.network.length > 0 ? undefined : await defaultNetwork(networks, wait),
    },
    options,
  );
  const made = { id, creationDate: configuration.creationDate };
  const cidfile = await writeCidfile(context, options.cidfile, id);
  const discard = async () => {
    await discardContainer(context, services, made);
    if (cidfile !== undefined) await rm(cidfile, { force: true });
  };
  using progress = new ProgressLine(context, options.json ? 'none' : options.progress);
  const { listener } = progress;
  try {
    await about('container', id, () =>
      containers.create(
        configuration,
        { options: { autoRemove: options.remove ?? false } },
        listener === undefined ? wait : { ...wait, onProgress: listener },
      ),
    );
  } catch (error) {
    progress.done();
    // A server that has answered has left nothing; otherwise it may still be at work.
    if (isAnswer(error)) {
      if (cidfile !== undefined) await rm(cidfile, { force: true });
    } else await discard();
    throw error;
  }
  return { id, discard };
}

/** The server's default network, if it has one. */
async function defaultNetwork(
  networks: Services['networks'],
  wait: Services['wait'],
): Promise<string | undefined> {
  return (await networks.list(wait)).find(({ id }) => id === DEFAULT_NETWORK)?.id;
}

function isAnswer(error: unknown): boolean {
  return error instanceof LaunchportError && (isRouteError(error) || isRouteError(error.cause));
}

/** Writes the id to a new file. @throws LaunchportError ERR_USAGE when there is one: it may be another container's */
async function writeCidfile(
  { cwd }: CliContext,
  file: string | undefined,
  id: string,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(cwd, file);
  await writeFile(path, id, { flag: 'wx' }).catch((error: unknown) => {
    throw new LaunchportError('ERR_USAGE', `--cidfile: cannot make ${path}: ${errorText(error)}`, {
      hint: 'Give a path where there is no file yet.',
      details: { path },
      cause: error,
    });
  });
  return path;
}

/**
 * Removes the container that was made at `creationDate`, and no other of that name. Leaving the connection ends the
 * work of a server that still makes it.
 */
async function discardContainer(
  context: CliContext,
  { client, containers }: Services,
  { id, creationDate }: { readonly id: string; readonly creationDate: Date },
): Promise<void> {
  const end = performance.now() + DISCARD_MS;
  const bounds = () => ({ timeout: Math.max(end - performance.now(), 1) });
  try {
    await client.close();
    for (;;) {
      const [found] = await containers.list({ ids: [id] }, bounds());
      if (found !== undefined && found.configuration.creationDate.getTime() !== creationDate.getTime())
        return;
      try {
        return await containers.delete(id, true, bounds());
      } catch (error) {
        if (isRouteError(error, 'notFound')) return;
        // It is being made, and its making is being ended.
        if (!isRouteError(error, 'invalidState') || performance.now() > end) throw error;
      }
      await delay(RETRY_MS);
    }
  } catch (error) {
    if (isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING')) return;
    context.stderr.write(
      `warning: container ${id} may be left: ${printable(errorText(error))}; launchport rm -f ${id}\n`,
    );
  }
}
