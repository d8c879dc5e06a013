/** Networks: what the API server's routes do. */
import { delay, errorText, isLaunchportError } from '../base/index.js';
import {
  type Attachment,
  type NetworkConfiguration,
  type NetworkResource,
  networkProtocol,
} from '../compat/index.js';
import type { NetworkDetails } from '../harness/index.js';
import { assertNetworkName, boundedMap } from '../plugin/index.js';
import { routeError } from '../routes/index.js';
import type { NetworkDirectory } from './container-lifecycle.js';
import { BUILTIN_LABEL, DEFAULT_NETWORK, NetworkEntry, type NetworkHost } from './network-entry.js';
import type { BrokenNetwork } from './network-store.js';
import { problemOf } from './problem.js';
import { subnetsOverlap } from './subnets.js';

/** Plugins for the default network, the first that is there: upstream's on macOS, then ours. */
const DEFAULT_PLUGINS = ['container-network-vmnet', 'bridge'] as const;

/** Helpers that are started at the same time. */
const CONCURRENCY = 16;

/** Milliseconds that a list waits for helpers that have never said anything; and that each gets for a lookup. */
const LIST_MS = 3_000;
const LOOKUP_MS = 2_000;

/** What the service works with. */
export interface NetworksServiceOptions extends NetworkHost {
  /** Containers that name a network. */
  readonly usersOf: (network: string) => readonly string[];
  /** Plugin of the default network; false for no default network. Default: see {@link DEFAULT_PLUGINS}. */
  readonly defaultPlugin?: string | false;
}

/** Keeps the networks of one server. */
export class NetworksService implements NetworkDirectory {
  readonly #host: NetworksServiceOptions;
  readonly #entries = new Map<string, NetworkEntry>();
  readonly #broken = new Map<string, BrokenNetwork>();

  constructor(host: NetworksServiceOptions) {
    this.#host = host;
  }

  /**
   * Takes in the networks of earlier servers, and makes the default one if there is none. Resolves when that is read;
   * the helpers start in the background, side by side, and `settled` settles when each has answered or failed.
   * @throws the system's error when the directory of networks cannot be read
   */
  async restore(signal: AbortSignal): Promise<{ readonly settled: Promise<void> }> {
    const { store, instances, logger, events } = this.#host;
    for (const network of await store.load()) {
      if ('problem' in network) {
        logger.error('network cannot be read; nothing was deleted', { ...network });
        events.emit({ kind: 'network problem', ...network });
        this.#broken.set(network.id, network);
      } else this.#entries.set(network.id, new NetworkEntry(network, this.#host));
    }
    await this.#makeDefault().catch((error: unknown) => {
      logger.error('no default network', { error: errorText(error) });
    });
    const settled = instances.records('network').then(async (records) => {
      const bounds = { timeout: this.#host.timeouts.launchd, signal };
      await boundedMap([...this.#entries.values()], CONCURRENCY, async (entry) => {
        await entry.resume(records.get(entry.id), bounds).catch((error: unknown) => {
          entry.problem ??= problemOf(error);
        });
      });
      // What is left of networks whose creation or removal was cut short.
      for (const [id, record] of records) {
        if (this.#entries.has(id) || this.#broken.has(id)) continue;
        await instances.deregister(record, bounds).catch((error: unknown) => {
          logger.warn('helper without a network not booted out', { id, error: errorText(error) });
        });
      }
    });
    return { settled };
  }

  /** All networks whose helper has ever answered, sorted by id. */
  async list(): Promise<readonly NetworkResource[]> {
    const entries = this.#sorted();
    const unknown = entries.filter(({ status, problem }) => status === undefined && problem === undefined);
    const patience = new AbortController();
    await Promise.race([
      Promise.allSettled(unknown.map((entry) => entry.start())),
      delay(LIST_MS, patience.signal).catch(() => {}),
    ]);
    patience.abort();
    return entries.flatMap(({ id, configuration, status }) =>
      status === undefined ? [] : [{ id, configuration, status }],
    );
  }

  details(): readonly NetworkDetails[] {
    const { usersOf } = this.#host;
    const all = [
      ...this.#sorted().map((entry) => entry.details(usersOf(entry.id))),
      ...[...this.#broken.values()].map(
        ({ id, problem }): NetworkDetails => ({
          id,
          state: 'failed',
          isBuiltin: id === DEFAULT_NETWORK,
          containers: [...usersOf(id)],
          problem,
        }),
      ),
    ];
    return all.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Creates a network and starts its helper. When that does not answer nothing is left of it.
   * @throws LaunchportError ERR_PLUGIN_INSTANCE, and with codes on the wire `exists` for a taken name or a subnet that
   *   overlaps another's, `notFound` for an absent plugin
   */
  async create(configuration: NetworkConfiguration): Promise<NetworkResource> {
    const { name: id } = configuration;
    assertNetworkName(id);
    if (this.#entries.has(id) || this.#broken.has(id))
      throw routeError('exists', `network ${id} already exists`);
    this.#assertApart(id, configuration);
    const { store, instances, events, logger } = this.#host;
    const dated = { ...configuration, creationDate: new Date() };
    const entry = new NetworkEntry({ id, configuration: dated }, this.#host);
    entry.phase = 'creating';
    this.#entries.set(id, entry);
    try {
      await instances.plugin('network', configuration.plugin);
      await entry.start();
      const status = entry.status as NonNullable<typeof entry.status>;
      this.#assertApart(id, status);
      await store.write({ id, configuration: dated, status });
      entry.phase = 'ready';
      logger.info('network created', { id, plugin: configuration.plugin });
      events.emit({ kind: 'network created', id, plugin: configuration.plugin });
      return { id, configuration: dated, status };
    } catch (error) {
      await entry.end(undefined);
      await store.remove(id).catch(() => {});
      this.#entries.delete(id);
      throw error;
    }
  }

  /**
   * Deletes a network.
   * @throws LaunchportError, with codes on the wire `notFound`, `invalidArgument` for a built-in one, `invalidState`
   *   while containers name it
   */
  async delete(id: string): Promise<void> {
    assertNetworkName(id);
    const entry = this.#entries.get(id);
    if (entry === undefined && !this.#broken.has(id))
      throw routeError('notFound', `no network for id ${id}`, {
        hint: 'See what there is: launchport network list',
      });
    if (entry?.isBuiltin === true)
      throw routeError('invalidArgument', `cannot delete builtin network: ${id}`);
    if (entry !== undefined && entry.phase !== 'ready')
      throw routeError('exists', `network ${id} has a pending operation`);
    const users = this.#host.usersOf(id);
    if (users.length > 0)
      throw routeError(
        'invalidState',
        `cannot delete subnet ${id} with referring containers: ${users.join(', ')}`,
      );
    const { store, instances, events, logger } = this.#host;
    if (entry !== undefined) entry.phase = 'removing';
    try {
      const record = (await instances.records('network')).get(id);
      if (entry !== undefined) await entry.end(record);
      else if (record !== undefined) await instances.deregister(record);
      await store.remove(id);
    } catch (error) {
      if (entry !== undefined) entry.phase = 'ready';
      throw error;
    }
    this.#entries.delete(id);
    this.#broken.delete(id);
    logger.info('network removed', { id });
    events.emit({ kind: 'network removed', id });
  }

  /** Deletes every network that no container names and that is not built in. Resolves to their names, sorted. */
  async prune(): Promise<readonly string[]> {
    const unused = this.#sorted().filter(
      (entry) => !entry.isBuiltin && entry.phase === 'ready' && this.#host.usersOf(entry.id).length === 0,
    );
    const deleted = await boundedMap(unused, CONCURRENCY, ({ id }) =>
      this.delete(id).then(
        () => id,
        // Someone has begun to use it, or has deleted it.
        (error: unknown) =>
          void this.#host.logger.warn('network not pruned', { id, error: errorText(error) }),
      ),
    );
    return deleted.filter((id) => id !== undefined);
  }

  /** What a hostname was given, by the first helper that knows it. A helper that does not answer holds up nobody. */
  async lookup(hostname: string): Promise<Attachment | undefined> {
    const asked = this.#sorted()
      .filter((entry) => entry.isRunning)
      .map(async (entry) => {
        const routes = entry.client()?.as(networkProtocol);
        const reply = await routes?.call('lookup', { hostname }, { timeout: LOOKUP_MS });
        if (reply?.attachment === undefined) throw new Error('not known here');
        return reply.attachment;
      });
    return Promise.any(asked).catch(() => undefined);
  }

  plugin(id: string): string {
    const entry = this.#entries.get(id);
    if (entry !== undefined && entry.phase !== 'removing') return entry.configuration.plugin;
    const problem = this.#broken.get(id)?.problem;
    throw routeError('notFound', `no network for id ${id}`, {
      hint: problem?.message ?? 'See what there is: launchport network list',
    });
  }

  async ready(id: string, signal?: AbortSignal): Promise<void> {
    this.plugin(id);
    try {
      await this.#entries.get(id)?.start();
    } catch (cause) {
      signal?.throwIfAborted();
      const hint = isLaunchportError(cause) ? cause.hint : undefined;
      throw routeError('invalidState', `network ${id} does not work: ${problemOf(cause).message}`, {
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }

  /** Boots all helpers out; the networks stay. Never rejects. */
  async stop(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.end(undefined)));
  }

  #sorted(): NetworkEntry[] {
    return [...this.#entries.values()]
      .filter(({ phase }) => phase !== 'creating')
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @throws LaunchportError, code `exists` on the wire, when a subnet of `wanted` overlaps another network's */
  #assertApart(
    id: string,
    wanted: { readonly ipv4Subnet?: string | undefined; readonly ipv6Subnet?: string | undefined },
  ): void {
    for (const [version, key] of [
      ['IPv4', 'ipv4Subnet'],
      ['IPv6', 'ipv6Subnet'],
    ] as const) {
      const subnet = wanted[key];
      if (subnet === undefined) continue;
      for (const other of this.#entries.values()) {
        const taken = other.status?.[key] ?? other.configuration[key];
        if (other.id === id || taken === undefined || !subnetsOverlap(subnet, taken)) continue;
        throw routeError(
          'exists',
          `${version} subnet ${subnet} overlaps an existing network with subnet ${taken}`,
          { hint: `That is network ${other.id}.` },
        );
      }
    }
  }

  async #makeDefault(): Promise<void> {
    const { defaultPlugin, instances, store, logger } = this.#host;
    if (defaultPlugin === false || this.#entries.has(DEFAULT_NETWORK) || this.#broken.has(DEFAULT_NETWORK))
      return;
    for (const name of defaultPlugin === undefined ? DEFAULT_PLUGINS : [defaultPlugin]) {
      const plugin = await instances.plugin('network', name).catch(() => undefined);
      if (plugin === undefined) continue;
      const configuration: NetworkConfiguration = {
        name: DEFAULT_NETWORK,
        creationDate: new Date(),
        mode: 'nat',
        labels: BUILTIN_LABEL,
        plugin: name,
        options: {},
      };
      await store.write({ id: DEFAULT_NETWORK, configuration });
      const record = { id: DEFAULT_NETWORK, configuration };
      this.#entries.set(DEFAULT_NETWORK, new NetworkEntry(record, this.#host));
      logger.info('default network made', { plugin: name });
      return;
    }
    logger.warn('no default network: there is no network plugin', {
      looked: defaultPlugin ?? DEFAULT_PLUGINS,
    });
  }
}
