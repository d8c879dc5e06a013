/** The jobs of instances: a runtime for each container, a helper for each network; registered, found again, reached. */
import { isLaunchportError, type WaitOptions } from '../base/index.js';
import { guardFirstCall, type PluginHost } from '../harness/index.js';
import type { JobStatus, ServiceTarget } from '../launchd/index.js';
import {
  hasService,
  machServiceName,
  type NetworkSettings,
  type Plugin,
  type RegistrationRecord,
  type RegistrationSubject,
} from '../plugin/index.js';
import { RouteClient, routeError } from '../routes/index.js';

/** Whom an instance serves. */
export type InstanceKind = 'container' | 'network';

/** A job of an instance that launchd knows. */
export interface Instance {
  readonly kind: InstanceKind;
  readonly plugin: string;
  readonly id: string;
  /** Its Mach service. */
  readonly service: string;
  readonly label: string;
  readonly target: ServiceTarget;
  /** What the registrar knows it by. */
  readonly subject: RegistrationSubject;
}

/** An instance found from an earlier life of this server, and its job now. */
export interface FoundInstance {
  readonly instance: Instance;
  readonly job: JobStatus;
}

/** The part of a host that instances need. */
export type InstanceHost = Pick<
  PluginHost,
  'catalog' | 'registrar' | 'control' | 'transport' | 'bootstrap' | 'prefix'
>;

const TYPE = { container: 'runtime', network: 'network' } as const;

/** Keeps the jobs of instances. Bounds default to those of the registrar. */
export class Instances {
  readonly #host: InstanceHost;

  constructor(host: InstanceHost) {
    this.#host = host;
  }

  /**
   * The plugin that serves a kind, as it is on disk now. Its name is matched exactly.
   * @throws LaunchportError, code `notFound` on the wire, with what is wrong with it as the cause
   */
  async plugin(kind: InstanceKind, name: string): Promise<Plugin> {
    const type = TYPE[kind];
    const missing = (options: { readonly cause?: unknown; readonly hint?: string }) =>
      routeError('notFound', `unable to locate ${type} plugin ${name}`, options);
    const plugin = await this.#host.catalog.find(name).catch((cause: unknown) => {
      const hint = isLaunchportError(cause) ? cause.hint : undefined;
      throw missing({ cause, ...(hint === undefined ? {} : { hint }) });
    });
    if (hasService(plugin, type)) return plugin;
    throw missing({ hint: `There is a plugin of this name, but it declares no ${type} service.` });
  }

  /** Registers an instance; it is started on demand. @throws LaunchportError of {@link plugin} and registration */
  async register(
    kind: InstanceKind,
    name: string,
    id: string,
    options: WaitOptions & { readonly network?: NetworkSettings } = {},
  ): Promise<Instance> {
    const plugin = await this.plugin(kind, name);
    const registration = await this.#host.registrar.register(plugin, { ...options, kind, instance: id });
    // A plugin with a service is no command, and only commands have no registration.
    return this.#instance(kind, name, id, registration as NonNullable<typeof registration>);
  }

  /** The records of instances of one kind by id, whoever made them. */
  async records(kind: InstanceKind): Promise<ReadonlyMap<string, RegistrationRecord>> {
    const records = (await this.#host.registrar.records()).filter((record) => record.kind === kind);
    return new Map(records.map((record) => [record.instance ?? '', record]));
  }

  /** The instance of a record, if its job has a process; nothing is started. @throws LaunchportError of launchd */
  async running(record: RegistrationRecord, options: WaitOptions = {}): Promise<FoundInstance | undefined> {
    const job = await this.#host.registrar.status(record, options);
    if (job?.pid === undefined || record.kind === 'singleton') return undefined;
    return { instance: this.#instance(record.kind, record.plugin, record.instance ?? '', record), job };
  }

  /** The job as launchd sees it. @throws LaunchportError of launchd */
  status({ target }: Instance, options: WaitOptions = {}): Promise<JobStatus | undefined> {
    return this.#host.control.print(target, options);
  }

  /** Boots the job out and waits for its end; one that is gone is no error. @throws LaunchportError of launchd */
  async deregister(subject: RegistrationSubject, options: WaitOptions = {}): Promise<void> {
    await this.#host.registrar.deregister(subject, options);
  }

  /**
   * Connects to the instance's Mach service; nothing is started before the first call, and a job that ends during it
   * fails it. `timeout`, in milliseconds, is that of a call that has none of its own.
   */
  connect(instance: Instance, timeout: number): RouteClient {
    const { control, transport, bootstrap } = this.#host;
    const { target, plugin, id } = instance;
    return RouteClient.connect(transport, instance.service, {
      connect: { isLazy: true, ...(bootstrap === undefined ? {} : { bootstrap }) },
      timeout,
      guard: (send, signal) => guardFirstCall({ control, target, name: `${plugin} of ${id}` }, send, signal),
    });
  }

  #instance(
    kind: InstanceKind,
    plugin: string,
    id: string,
    subject: RegistrationSubject & { readonly label: string; readonly target: ServiceTarget },
  ): Instance {
    const service = machServiceName(TYPE[kind], plugin, id, this.#host.prefix);
    return { kind, plugin, id, service, label: subject.label, target: subject.target, subject };
  }
}
