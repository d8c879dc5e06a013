/** One network in the server's memory: its helper's job, started once for all who want it, and what the helper says. */
import { errorText, type Logger, type WaitOptions } from '../base/index.js';
import { type NetworkConfiguration, type NetworkStatus, networkProtocol } from '../compat/index.js';
import type { NetworkDetails, Problem } from '../harness/index.js';
import type { NetworkSettings, RegistrationRecord } from '../plugin/index.js';
import type { RouteClient } from '../routes/index.js';
import type { EventFeed } from './event-feed.js';
import type { Instance, Instances } from './instances.js';
import type { NetworkRecord, NetworkStore } from './network-store.js';
import { problemOf } from './problem.js';
import type { Timeouts } from './timeouts.js';

/** The network that containers get when they name none; it cannot be deleted. */
export const DEFAULT_NETWORK = 'default';

/** Upstream's label of what comes with the system. */
export const BUILTIN_LABEL = { 'com.apple.container.resource.role': 'builtin' } as const;

/** What networks work with. */
export interface NetworkHost {
  readonly instances: Instances;
  readonly store: NetworkStore;
  readonly events: EventFeed;
  readonly timeouts: Timeouts;
  readonly logger: Logger;
}

/** A network. Its helper starts when it is first needed. */
export class NetworkEntry {
  readonly id: string;
  readonly configuration: NetworkConfiguration;
  /** What the helper said last, perhaps to an earlier server. */
  status: NetworkStatus | undefined;
  problem: Problem | undefined;
  phase: 'creating' | 'ready' | 'removing' = 'ready';
  readonly #host: NetworkHost;
  #instance: Instance | undefined;
  #client: RouteClient | undefined;
  #starting: Promise<void> | undefined;
  #isRunning = false;

  constructor(record: NetworkRecord, host: NetworkHost) {
    this.id = record.id;
    this.configuration = record.configuration;
    this.status = record.status;
    this.#host = host;
  }

  get isBuiltin(): boolean {
    const [[label, role]] = Object.entries(BUILTIN_LABEL) as [[string, string]];
    return this.id === DEFAULT_NETWORK || this.configuration.labels[label] === role;
  }

  get state(): NetworkDetails['state'] {
    if (this.#starting !== undefined) return 'starting';
    if (this.#isRunning) return 'running';
    return this.problem === undefined ? 'idle' : 'failed';
  }

  /** Whether the helper has answered this server. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Makes sure that the helper's job is registered and that it answers; several callers share one attempt, and the
   * next one after a failure makes another. The job of a failed attempt is booted out, unless it ran before.
   * @throws LaunchportError saying why it does not answer
   */
  start(): Promise<void> {
    if (this.#isRunning) return Promise.resolve();
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Takes over a job that runs already, if there is one; then asks it. @throws LaunchportError as {@link start} */
  async resume(record: RegistrationRecord | undefined, options: WaitOptions): Promise<void> {
    if (record?.plugin === this.configuration.plugin)
      this.#instance = (await this.#host.instances.running(record, options))?.instance;
    if (this.#instance !== undefined || !this.isBuiltin) await this.start();
  }

  /** A client of the helper, connected when it is first used. Only after {@link start}. */
  client(): RouteClient | undefined {
    if (this.#instance === undefined) return undefined;
    if (this.#client === undefined || this.#client.connection.isClosed)
      this.#client = this.#host.instances.connect(this.#instance, this.#host.timeouts.call);
    return this.#client;
  }

  /** Boots the helper out. Never rejects: what is left of it is logged. */
  async end(record: RegistrationRecord | undefined): Promise<void> {
    await this.#starting?.catch(() => {});
    const subject = this.#instance?.subject ?? record;
    await this.close();
    if (subject === undefined) return;
    const { instances, timeouts, logger } = this.#host;
    await instances.deregister(subject, { timeout: timeouts.launchd }).catch((error: unknown) => {
      logger.error('network helper not booted out', { id: this.id, error: errorText(error) });
    });
  }

  /** Ends the connection; the helper stays. */
  async close(): Promise<void> {
    this.#isRunning = false;
    this.#instance = undefined;
    await this.#client?.close();
    this.#client = undefined;
  }

  /** What is known of it; `containers` are those that name it. */
  details(containers: readonly string[]): NetworkDetails {
    const { problem } = this;
    return {
      id: this.id,
      plugin: this.configuration.plugin,
      state: this.state,
      isBuiltin: this.isBuiltin,
      containers: [...containers],
      ...(this.#instance === undefined ? {} : { label: this.#instance.label }),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  async #start(): Promise<void> {
    const { instances, timeouts, events, logger } = this.#host;
    const wasThere = this.#instance !== undefined;
    try {
      this.#instance ??= await instances.register('network', this.configuration.plugin, this.id, {
        timeout: timeouts.launchd,
        network: settingsOf(this.configuration),
      });
      const routes = (this.client() as RouteClient).as(networkProtocol);
      const { status } = await routes.call('status', {}, { timeout: timeouts.start });
      this.status = status;
      this.#isRunning = true;
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error);
      logger.error('network not started', { id: this.id, error: errorText(error) });
      events.emit({ kind: 'network problem', id: this.id, problem: this.problem });
      await this.#giveUp(wasThere);
      throw error;
    }
    if (this.phase === 'ready') await this.#remember(this.status);
    events.emit({ kind: 'network started', id: this.id });
  }

  /** A helper that ran before serves containers, perhaps, and stays. */
  async #giveUp(wasThere: boolean): Promise<void> {
    const instance = this.#instance;
    await this.close();
    if (instance === undefined || wasThere) return;
    const { instances, timeouts, logger } = this.#host;
    await instances.deregister(instance.subject, { timeout: timeouts.launchd }).catch((error: unknown) => {
      logger.error('network helper not booted out', { id: this.id, error: errorText(error) });
    });
  }

  async #remember(status: NetworkStatus): Promise<void> {
    const { store, logger } = this.#host;
    await store.writeStatus(this.id, status).catch((error: unknown) => {
      logger.warn('cannot store the status of a network', { id: this.id, error: errorText(error) });
    });
  }
}

/** What the helper is told on its command line. */
export function settingsOf({ mode, ipv4Subnet, ipv6Subnet, options }: NetworkConfiguration): NetworkSettings {
  const { variant, ...rest } = options;
  return {
    mode,
    ...(ipv4Subnet === undefined ? {} : { subnet: ipv4Subnet }),
    ...(ipv6Subnet === undefined ? {} : { subnetV6: ipv6Subnet }),
    ...(variant === undefined ? {} : { variant }),
    ...(Object.keys(rest).length === 0 ? {} : { options: rest }),
  };
}
