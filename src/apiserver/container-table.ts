/** All containers in memory: found by id, reserved before their files are made, remembered a while when they are gone. */
import type { ContainerConfiguration } from '../compat/index.js';
import { assertContainerId } from '../plugin/index.js';
import { routeError } from '../routes/index.js';
import type { BrokenContainer, ContainerEntry, ContainerExit } from './container-entry.js';

/** Removed containers whose exit is remembered, for those who ask for it just after. */
const MAX_PAST = 256;

/** The containers of a server. */
export class ContainerTable {
  readonly #entries = new Map<string, ContainerEntry>();
  readonly #broken = new Map<string, BrokenContainer>();
  /** How containers ended that removed themselves. */
  readonly #past = new Map<string, ContainerExit>();

  /** All of them, sorted by id; those too that are being created. */
  get entries(): readonly ContainerEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get broken(): readonly BrokenContainer[] {
    return [...this.#broken.values()];
  }

  /**
   * A container.
   * @throws LaunchportError ERR_PLUGIN_INSTANCE for what is no id; code `notFound` on the wire when there is none
   */
  get(id: string): ContainerEntry {
    assertContainerId(id);
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    const broken = this.#broken.get(id);
    if (broken === undefined) {
      throw routeError('notFound', `container with ID ${id} not found`, {
        hint: 'See what there is: launchport ps --all',
      });
    }
    throw routeError('invalidState', `container ${id} cannot be used: ${broken.problem.message}`, {
      ...(broken.problem.hint === undefined ? {} : { hint: broken.problem.hint }),
    });
  }

  /** The container if it is there and can be used. */
  find(id: string): ContainerEntry | undefined {
    return this.#entries.get(id);
  }

  findBroken(id: string): BrokenContainer | undefined {
    return this.#broken.get(id);
  }

  /** How a container ended that has removed itself. */
  pastExit(id: string): ContainerExit | undefined {
    return this.#past.get(id);
  }

  /**
   * Takes a new container in, so that its id, its hostnames and its networks are its own while its files are made.
   * @throws LaunchportError, code `exists` on the wire, for an id or hostname that is taken
   */
  reserve(entry: ContainerEntry): void {
    const { id, configuration } = entry;
    if (this.#entries.has(id) || this.#broken.has(id))
      throw routeError('exists', `container already exists: ${id}`);
    for (const hostname of hostnames(configuration)) this.assertHostname(id, hostname);
    this.#past.delete(id);
    this.#entries.set(id, entry);
  }

  /** @throws LaunchportError, code `exists` on the wire, when another container than `id` has the hostname */
  assertHostname(id: string, hostname: string): void {
    const other = this.entries.find(
      (each) => each.id !== id && hostnames(each.configuration).includes(hostname),
    );
    if (other === undefined) return;
    throw routeError('exists', `hostname(s) already exist: ${hostname}`, {
      hint: `Container ${other.id} has it.`,
    });
  }

  /** Takes in a container that is there already. */
  add(container: ContainerEntry | BrokenContainer): void {
    if ('status' in container) this.#entries.set(container.id, container);
    else this.#broken.set(container.id, container);
  }

  /** Forgets a container but for its exit. */
  remove(id: string): void {
    const exit = this.#entries.get(id)?.exit;
    this.#entries.delete(id);
    this.#broken.delete(id);
    if (exit === undefined) return;
    this.#past.set(id, exit);
    const [oldest] = this.#past.keys();
    if (this.#past.size > MAX_PAST && oldest !== undefined) this.#past.delete(oldest);
  }

  /** Containers that name a network, sorted. */
  usersOf(network: string): readonly string[] {
    return this.entries
      .filter(({ configuration }) => configuration.networks.some((each) => each.network === network))
      .map(({ id }) => id);
  }
}

function hostnames({ networks }: ContainerConfiguration): readonly string[] {
  return networks.map(({ options }) => options.hostname);
}
