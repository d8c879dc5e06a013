/** One job of a bench: its process, its services, its output. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LaunchportError, type WaitOptions } from '../base/index.js';
import {
  type DomainTarget,
  type JobStatus,
  type LaunchControl,
  type ServiceTarget,
  serviceTarget,
  waitFor,
  writeJobPlist,
} from '../launchd/index.js';
import type { JobPlan, ServiceType } from '../plugin/index.js';
import { RouteClient } from '../routes/index.js';
import type { ConnectOptions, XpcConnection, XpcTransport } from '../xpc/index.js';
import { guardFirstCall } from './first-call.js';

/** Where a job is loaded. */
export interface BundleJobPlace {
  readonly control: LaunchControl;
  readonly transport: XpcTransport;
  readonly bootstrap: string | undefined;
  readonly domain: DomainTarget;
  /** Directory of its output; undefined to keep none. */
  readonly output: string | undefined;
  /** Seconds. */
  readonly throttle: number;
}

/** What a job wrote. */
export interface BundleOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds for one wait when nothing else is said. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** A loaded bundle. Made by `BundleBench.load`. */
export class BundleJob implements AsyncDisposable {
  readonly target: ServiceTarget;
  /** Its Mach service by type, in declared order. */
  readonly services: ReadonlyMap<ServiceType, string>;
  readonly plan: JobPlan;
  readonly #place: BundleJobPlace;
  readonly #onUnload: () => void;
  readonly #clients = new Set<RouteClient>();
  #unloaded: Promise<void> | undefined;

  private constructor(plan: JobPlan, place: BundleJobPlace, onUnload: () => void) {
    const types = plan.plugin.config.servicesConfig?.services.map(({ type }) => type) ?? [];
    this.plan = plan;
    this.target = serviceTarget(place.domain, plan.label);
    this.services = new Map(
      [...new Set(types)].map((type, index) => [type, plan.services[index] as string] as const),
    );
    this.#place = place;
    this.#onUnload = onUnload;
  }

  /** For `BundleBench.load`. */
  static async load(plan: JobPlan, place: BundleJobPlace, onUnload: () => void): Promise<BundleJob> {
    const { output, throttle, control, domain } = place;
    await writeJobPlist(plan.plistPath, {
      ...plan.definition,
      ThrottleInterval: throttle,
      ...(output === undefined
        ? {}
        : { StandardOutPath: join(output, 'stdout'), StandardErrorPath: join(output, 'stderr') }),
    });
    await control.bootstrap(domain, plan.plistPath);
    return new BundleJob(plan, place, onUnload);
  }

  /** The service of a type. @throws TypeError when the plugin does not declare it */
  service(type: ServiceType): string {
    const service = this.services.get(type);
    if (service === undefined) throw new TypeError(`plugin ${this.plan.plugin.name} has no ${type} service`);
    return service;
  }

  /** A bare connection to a service of the job. It starts nothing before its first message. */
  connect(type: ServiceType, options: Pick<ConnectOptions, 'handlers' | 'timeout'> = {}): XpcConnection {
    const { transport, bootstrap } = this.#place;
    return transport.connect(this.service(type), { ...options, bootstrap, isLazy: true });
  }

  /** A client of a service, whose calls fail at once when the job ends before it takes its connection. */
  client(type: ServiceType, options: { readonly timeout?: number } = {}): RouteClient {
    const { transport, bootstrap, control } = this.#place;
    const job = { control, target: this.target, name: this.plan.plugin.name };
    const client = RouteClient.connect(transport, this.service(type), {
      connect: { isLazy: true, bootstrap },
      guard: (send, signal) => guardFirstCall(job, send, signal),
      ...options,
    });
    this.#clients.add(client);
    void client.connection.closed.then(() => this.#clients.delete(client));
    return client;
  }

  /** The job as launchd sees it. @throws LaunchportError of the control; ERR_LAUNCHD_NOT_LOADED */
  async status(): Promise<JobStatus> {
    const status = await this.#place.control.print(this.target);
    if (status !== undefined) return status;
    throw new LaunchportError('ERR_LAUNCHD_NOT_LOADED', `${this.target} is not loaded`, {
      details: { target: this.target },
    });
  }

  /** Starts it without a message. */
  async start(options: WaitOptions = {}): Promise<void> {
    await this.#place.control.kickstart(this.target, options);
  }

  /**
   * Waits until a process answers on all its services; one without services has only to run.
   * @throws LaunchportError ERR_PLUGIN_EXITED when it ended instead, ERR_TIMEOUT
   */
  async checkedIn(options: WaitOptions & { readonly runsBefore?: number } = {}): Promise<JobStatus> {
    const { runsBefore = 0 } = options;
    const status = await this.#wait(
      options,
      (seen) =>
        (seen.runs > runsBefore && seen.state === 'running' && this.#isServing(seen)) ||
        hasEnded(seen, runsBefore),
    );
    if (!hasEnded(status, runsBefore)) return status;
    throw new LaunchportError('ERR_PLUGIN_EXITED', `it ${exitText(status)} before it checked in`, {
      details: { exit: status.lastExit },
    });
  }

  /** Sends its process a signal. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#place.control.kill(this.target, signal);
  }

  /** Waits until process `pid` has ended; resolves to the status, whose `lastExit` is its end. @throws ERR_TIMEOUT */
  exited(pid: number, options: WaitOptions = {}): Promise<JobStatus> {
    return this.#wait(options, (status) => status.pid !== pid);
  }

  /** What it has written so far; empty when nothing is kept. */
  async output(): Promise<BundleOutput> {
    const { output } = this.#place;
    const read = async (name: string) =>
      output === undefined ? '' : readFile(join(output, name), 'utf8').catch(() => '');
    return { stdout: await read('stdout'), stderr: await read('stderr') };
  }

  /** Closes its clients, ends it and takes it out of launchd. */
  unload(): Promise<void> {
    this.#unloaded ??= this.#unload();
    return this.#unloaded;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unload();
  }

  async #unload(): Promise<void> {
    await Promise.allSettled([...this.#clients].map((client) => client.close()));
    await this.#place.control.bootout(this.target);
    this.#onUnload();
  }

  #isServing(status: JobStatus): boolean {
    const active = new Set(status.endpoints.filter(({ isActive }) => isActive).map(({ name }) => name));
    return [...this.services.values()].every((service) => active.has(service));
  }

  async #wait(options: WaitOptions, holds: (status: JobStatus) => boolean): Promise<JobStatus> {
    const { timeout = DEFAULT_TIMEOUT_MS, signal } = options;
    const bounds = { timeout, ...(signal === undefined ? {} : { signal }) };
    const { control } = this.#place;
    const status = await waitFor(control, this.target, (seen) => seen === undefined || holds(seen), bounds);
    return status ?? this.status();
  }
}

function hasEnded(status: JobStatus, runsBefore: number): boolean {
  return status.runs > runsBefore && status.lastExit !== undefined && status.pid === undefined;
}

/** `exited with status 3`, `was ended by SIGKILL`, … */
export function exitText({ lastExit }: Pick<JobStatus, 'lastExit'>): string {
  switch (lastExit?.kind) {
    case 'exited':
      return `exited with status ${lastExit.code}`;
    case 'signaled':
      return `was ended by ${lastExit.signal}`;
    case 'spawn failed':
      return `could not be started: ${lastExit.reason}`;
    default:
      return 'ended, nobody saw how,';
  }
}
