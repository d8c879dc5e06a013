/** The files of networks: `networks/<id>/entity.json`, as apple/container has them, and the last status beside it. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../base/index.js';
import {
  type NetworkConfiguration,
  type NetworkStatus,
  networkConfiguration,
  networkStatus,
} from '../compat/index.js';
import type { Problem } from '../harness/index.js';
import { assertNetworkName, boundedMap, type Roots } from '../plugin/index.js';
import { readJsonFile, writeJsonFile } from './json-file.js';
import { problemOf } from './problem.js';
import { TRANSIENT_PREFIX, takeAway } from './take-away.js';

/** The configuration, upstream's. */
const ENTITY = 'entity.json';
/** What the helper said last, ours: it is told when the helper cannot be asked. */
const STATUS = 'status.json';

/** Directories read at the same time. */
const CONCURRENCY = 16;

/** What is known of a network's files. */
export interface NetworkRecord {
  readonly id: string;
  readonly configuration: NetworkConfiguration;
  readonly status?: NetworkStatus;
}

/** A network whose files cannot be read. */
export interface BrokenNetwork {
  readonly id: string;
  readonly problem: Problem;
}

/** The directory `networks` of an application root. */
export class NetworkStore {
  readonly #roots: Pick<Roots, 'app' | 'network'>;

  constructor(roots: Pick<Roots, 'app' | 'network'>) {
    this.#roots = roots;
  }

  /** Everything that is there, also what cannot be read. Directories without a configuration are no networks. */
  async load(): Promise<readonly (NetworkRecord | BrokenNetwork)[]> {
    const root = join(this.#roots.app, 'networks');
    await mkdir(root, { recursive: true, mode: 0o700 });
    const entries = await readdir(root, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    for (const name of names.filter((each) => each.startsWith(TRANSIENT_PREFIX)))
      void removeTree(join(root, name)).catch(() => {});
    const ids = names.filter((name) => !name.startsWith(TRANSIENT_PREFIX));
    const networks = await boundedMap(ids.sort(), CONCURRENCY, (id) => this.#read(id));
    return networks.filter((network) => network !== undefined);
  }

  /** Stores a network: its configuration, and its status if it is known. @throws the system's error */
  async write({ id, configuration, status }: NetworkRecord): Promise<void> {
    const directory = this.#roots.network(id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (status !== undefined) await writeJsonFile(join(directory, STATUS), networkStatus, status);
    // Last, for it makes the directory a network.
    await writeJsonFile(join(directory, ENTITY), networkConfiguration, configuration);
  }

  /** Stores what the helper said. @throws the system's error */
  async writeStatus(id: string, status: NetworkStatus): Promise<void> {
    await writeJsonFile(join(this.#roots.network(id), STATUS), networkStatus, status);
  }

  /** Takes a network's directory away, with what its helper keeps there. @throws the system's error */
  async remove(id: string): Promise<void> {
    await takeAway(this.#roots.network(id));
  }

  async #read(id: string): Promise<NetworkRecord | BrokenNetwork | undefined> {
    try {
      assertNetworkName(id);
      const directory = this.#roots.network(id);
      const configuration = await readJsonFile(join(directory, ENTITY), networkConfiguration);
      if (configuration === undefined) return undefined;
      if (configuration.name !== id) throw new Error(`${directory} holds network ${configuration.name}`);
      const status = await readJsonFile(join(directory, STATUS), networkStatus).catch(() => undefined);
      return { id, configuration, ...(status === undefined ? {} : { status }) };
    } catch (error) {
      return { id, problem: problemOf(error) };
    }
  }
}
