/** The files of containers: one directory each, as apple/container has them, and two files of our own. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { errorText, type Logger, removeTree } from '../base/index.js';
import {
  type ContainerConfiguration,
  containerConfiguration,
  containerCreateOptions,
  RUNTIME_CONFIGURATION_FILE,
  type RuntimeConfiguration,
  runtimeConfiguration,
} from '../compat/index.js';
import { assertContainerId, boundedMap, type Roots } from '../plugin/index.js';
import type { BrokenContainer, ContainerEntry, ContainerExit, ContainerRecord } from './container-entry.js';
import { readJsonFile, writeJsonFile } from './json-file.js';
import { problemOf } from './problem.js';
import { TRANSIENT_PREFIX, takeAway, transientPath } from './take-away.js';

/** Written by the runtime at its first bootstrap, upstream's. */
const CONFIGURATION = 'config.json';
const OPTIONS = 'options.json';
/** What this server remembers, ours. */
const STATE = 'state.json';
/** How the command ended, written by our runtime for a server that was away. */
const EXIT = 'exit.json';
/** Output of the command, upstream's. */
export const STDIO_LOG = 'stdio.log';
/** Log of what surrounds the command: upstream's name for it, from the guest's init. */
export const BOOT_LOG = 'vminitd.log';

/** Directories read at the same time. */
const CONCURRENCY = 16;

const instant = z.codec(z.string(), z.date(), {
  decode: (text, context) => {
    const date = new Date(text);
    if (!Number.isNaN(date.getTime())) return date;
    context.issues.push({ code: 'custom', message: 'not a date', input: text });
    return z.NEVER;
  },
  encode: (date) => date.toISOString(),
});

const exitSchema = z.object({ code: z.number().int().optional(), at: instant });

const stateSchema = z.object({
  version: z.literal(1),
  createdAt: instant,
  startedAt: instant.optional(),
  exit: exitSchema.optional(),
});

/** The runtime's file: seconds since 2001 or RFC 3339. */
const runtimeExit = z.object({
  exitCode: z.number().int(),
  exitedAt: z.union([z.number(), z.string()]).optional(),
});

/** Seconds from 1970 to 2001, where upstream's dates begin. */
const REFERENCE_SECONDS = 978_307_200;

/** A directory that is being filled; it appears under its name when it is complete. */
export interface StagedContainer {
  /** Where to put files now. */
  readonly directory: string;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** The directory `containers` of an application root. */
export class ContainerStore {
  readonly #roots: Pick<Roots, 'app' | 'container'>;
  readonly #logger: Logger;

  constructor(roots: Pick<Roots, 'app' | 'container'>, logger: Logger) {
    this.#roots = roots;
    this.#logger = logger;
  }

  /** The directory of a container. @throws LaunchportError ERR_PLUGIN_INSTANCE */
  directory(id: string): string {
    return this.#roots.container(id);
  }

  /** Everything that is there, also what cannot be read. Directories left half made or half removed are freed. */
  async load(): Promise<readonly (ContainerRecord | BrokenContainer)[]> {
    const root = this.#root;
    await mkdir(root, { recursive: true, mode: 0o700 });
    const entries = await readdir(root, { withFileTypes: true });
    const directories = entries.filter((entry) => entry.isDirectory());
    for (const { name } of directories.filter((entry) => entry.name.startsWith(TRANSIENT_PREFIX)))
      void this.#free(join(root, name));
    const ids = directories.map(({ name }) => name).filter((name) => !name.startsWith(TRANSIENT_PREFIX));
    return boundedMap(ids.sort(), CONCURRENCY, (id) => this.#read(id));
  }

  /** Begins a container's directory. @throws the system's error */
  async stage(id: string): Promise<StagedContainer> {
    const final = this.directory(id);
    const directory = transientPath(final, 'new');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return {
      directory,
      commit: () => rename(directory, final),
      discard: () => this.#free(directory),
    };
  }

  /** Writes the files of a new container into its staged directory. */
  async writeNew(directory: string, runtime: RuntimeConfiguration, createdAt: Date): Promise<void> {
    await writeJsonFile(join(directory, RUNTIME_CONFIGURATION_FILE), runtimeConfiguration, runtime);
    await writeJsonFile(join(directory, STATE), stateSchema, { version: 1, createdAt });
  }

  /** Stores what happened to a container. */
  async writeState({ directory, createdAt, startedAt, exit }: ContainerEntry): Promise<void> {
    await writeJsonFile(join(directory, STATE), stateSchema, {
      version: 1,
      createdAt,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(exit === undefined ? {} : { exit: { ...exit } }),
    });
  }

  /** Changes a container's configuration in all files that have it. */
  async writeConfiguration(directory: string, configuration: ContainerConfiguration): Promise<void> {
    const runtimePath = join(directory, RUNTIME_CONFIGURATION_FILE);
    const runtime = await readJsonFile(runtimePath, runtimeConfiguration);
    if (runtime !== undefined)
      await writeJsonFile(runtimePath, runtimeConfiguration, {
        ...runtime,
        containerConfiguration: configuration,
      });
    const path = join(directory, CONFIGURATION);
    if ((await readJsonFile(path, containerConfiguration)) !== undefined)
      await writeJsonFile(path, containerConfiguration, configuration);
  }

  /** What the runtime left about the end of the command. */
  async readExit(directory: string): Promise<ContainerExit | undefined> {
    try {
      const exit = await readJsonFile(join(directory, EXIT), runtimeExit);
      if (exit === undefined) return undefined;
      const { exitCode: code, exitedAt } = exit;
      const at =
        typeof exitedAt === 'number'
          ? new Date((exitedAt + REFERENCE_SECONDS) * 1000)
          : new Date(exitedAt ?? Date.now());
      return { code, at: Number.isNaN(at.getTime()) ? new Date() : at };
    } catch (error) {
      this.#logger.warn('cannot read how a container ended', { directory, error: errorText(error) });
      return undefined;
    }
  }

  /** Forgets the end of the run before. */
  async clearExit(directory: string): Promise<void> {
    await rm(join(directory, EXIT), { force: true });
  }

  /** Takes a container's files away. */
  async remove(directory: string): Promise<void> {
    await takeAway(directory);
  }

  get #root(): string {
    return join(this.#roots.app, 'containers');
  }

  async #read(id: string): Promise<ContainerRecord | BrokenContainer> {
    const directory = join(this.#root, id);
    try {
      assertContainerId(id);
      return await this.#readFiles(id, directory);
    } catch (error) {
      return { id, directory, problem: problemOf(error) };
    }
  }

  async #readFiles(id: string, directory: string): Promise<ContainerRecord> {
    const runtimePath = join(directory, RUNTIME_CONFIGURATION_FILE);
    // The runtime's own copy counts, as upstream has it; one of the two is enough.
    const own = await readJsonFile(join(directory, CONFIGURATION), containerConfiguration);
    const runtime = await readJsonFile(runtimePath, runtimeConfiguration);
    const configuration = own ?? runtime?.containerConfiguration;
    if (configuration === undefined) throw new Error(`no container configuration in ${directory}`);
    if (configuration.id !== id)
      throw new Error(`${basename(directory)} holds container ${configuration.id}`);
    const options =
      (await readJsonFile(join(directory, OPTIONS), containerCreateOptions)) ?? runtime?.options;
    const state = await this.#readState(directory);
    const exit = state?.exit;
    return {
      id,
      directory,
      configuration,
      options: options ?? { autoRemove: false },
      createdAt: state?.createdAt ?? configuration.creationDate ?? new Date(),
      ...(state?.startedAt === undefined ? {} : { startedAt: state.startedAt }),
      ...(exit === undefined
        ? {}
        : { exit: { at: exit.at, ...(exit.code === undefined ? {} : { code: exit.code }) } }),
    };
  }

  /** A state that cannot be read costs what it told, and no more. */
  async #readState(directory: string): Promise<z.output<typeof stateSchema> | undefined> {
    return readJsonFile(join(directory, STATE), stateSchema).catch((error: unknown) => {
      this.#logger.warn('cannot read the state of a container', { directory, error: errorText(error) });
      return undefined;
    });
  }

  async #free(path: string): Promise<void> {
    await removeTree(path).catch((error: unknown) => {
      this.#logger.warn('cannot free a directory', { path, error: errorText(error) });
    });
  }
}
