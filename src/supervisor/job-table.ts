/** The jobs of a supervisor: by target, by process and by service socket. */
import { abortedError, type LaunchportError } from '../base/index.js';
import {
  type ControlMeaning,
  type DomainTarget,
  type JobDefinition,
  type JobSummary,
  type ManagerName,
  parseServiceTarget,
  type ServiceTarget,
  serviceTarget,
} from '../launchd/index.js';
import type { Handle, SpawnedProcess } from '../native/index.js';
import { bounded } from './control-call.js';
import { currentSession } from './domains.js';
import { Job } from './job.js';
import { jobError } from './job-error.js';
import type { JobRecord } from './job-history.js';
import type { HostedJob, JobHost } from './job-host.js';
import { dropServices } from './job-services.js';
import { type JobSettings, jobSettings } from './job-settings.js';
import { dependsOnOthers } from './keep-alive.js';
import type { OverrideStore } from './override-store.js';
import type { ServiceRegistry } from './service-registry.js';

/** Milliseconds that killed jobs get to vanish. */
const REAP_MS = 2_000;

/** A job to be loaded. */
export interface LoadRequest {
  readonly target: ServiceTarget;
  /** The plist. */
  readonly path: string;
  readonly definition: JobDefinition;
  /** What reading the plist had to say. */
  readonly warnings: readonly string[];
}

/** What the table adds to for its jobs. */
export type TableHost = Pick<JobHost, 'port' | 'clock' | 'logger' | 'environment' | 'emit' | 'journal'>;

/** Loads and finds jobs. Only {@link JobTable.whenFree} waits; everything else happens at once. */
export class JobTable {
  readonly #jobs = new Map<ServiceTarget, Job>();
  readonly #processes = new Map<Handle, HostedJob>();
  readonly #registry: ServiceRegistry;
  readonly #overrides: OverrideStore;
  readonly #host: JobHost;
  #cancelCheck: (() => void) | undefined;

  constructor(registry: ServiceRegistry, overrides: OverrideStore, host: TableHost) {
    this.#registry = registry;
    this.#overrides = overrides;
    this.#host = {
      ...host,
      services: registry,
      adopt: (process, job) => void this.#processes.set(process, job),
      release: (job) => this.#release(job),
      isLoaded: (target) => this.#jobs.has(target),
      isActive: (target) => this.get(target)?.isActive ?? false,
      emit: (transition) => {
        host.emit(transition);
        this.#checkConditions();
      },
    };
  }

  get(target: ServiceTarget): Job | undefined {
    return this.#jobs.get(target);
  }

  /** @throws LaunchportError ERR_LAUNCHD_NOT_LOADED */
  find(target: ServiceTarget): Job {
    const job = this.get(target);
    if (job !== undefined) return job;
    throw jobError('ERR_LAUNCHD_NOT_LOADED', target, 'is not loaded', 'Bootstrap it first.');
  }

  /**
   * Enables or disables a target by hand, which outweighs `Disabled` of its plist.
   * @throws LaunchportError ERR_LAUNCHD_STATE when that cannot be kept
   */
  override(target: ServiceTarget, isDisabled: boolean): void {
    if (!this.#overrides.set(target, isDisabled)) return;
    const { label } = parseServiceTarget(target);
    this.#host.emit({ target, label, kind: isDisabled ? 'disabled' : 'enabled' });
  }

  /** Labels of a domain that were enabled or disabled by hand, true for disabled. */
  overrides(domain: DomainTarget): ReadonlyMap<string, boolean> {
    return this.#overrides.of(domain);
  }

  /** All jobs, sorted by label. */
  summaries(): readonly JobSummary[] {
    const rows = [...this.#jobs.values()].map((job) => job.summary());
    return rows.sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0));
  }

  /**
   * The target of a label once no job has it, waiting for one that is being unloaded.
   * @throws LaunchportError ERR_LAUNCHD_ALREADY_LOADED, ERR_ABORTED
   */
  async whenFree(domain: DomainTarget, label: string, signal: AbortSignal): Promise<ServiceTarget> {
    const target = serviceTarget(domain, label);
    for (let job = this.get(target); job !== undefined; job = this.get(target)) {
      if (!job.isRemoving) throw alreadyLoaded(target, job.inputs.path);
      await job.removed;
    }
    if (signal.aborted) throw abortedError(`bootstrap of ${target}`, signal);
    return target;
  }

  /**
   * Registers the services of a job and sets it to work. Its target must be free.
   * @throws LaunchportError as `Supervisor.bootstrap`; nothing is then changed
   */
  load({ target, path, definition, warnings }: LoadRequest): void {
    const existing = this.get(target);
    if (existing !== undefined) throw alreadyLoaded(target, existing.inputs.path);
    if (this.#overrides.get(target) ?? definition.Disabled ?? false) {
      throw jobError('ERR_LAUNCHD_DISABLED', target, 'is disabled', 'Enable it first.', {
        details: { path },
      });
    }
    assertSession(target, definition, currentSession());
    const { settings, warnings: unfulfilled } = jobSettings(definition, parseServiceTarget(target).domain);
    for (const warning of [...warnings, ...unfulfilled]) {
      this.#host.logger.warn(`job ${settings.label}: ${warning}`, { path });
    }
    const job = this.#add(target, path, settings);
    try {
      this.#host.journal?.load(target, path, definition);
      job.load();
    } catch (error) {
      void job.remove();
      throw error;
    }
  }

  /**
   * Puts a job back to work that an earlier supervisor loaded, with the process that lives on or without any.
   * `hasLost`: it had a process then, which is gone.
   * @throws LaunchportError when the system makes no socket for a service; the job is then not loaded
   */
  restore(
    { target, path, definition }: Omit<LoadRequest, 'warnings'>,
    record: JobRecord,
    { process, hasLost }: { readonly process: SpawnedProcess | undefined; readonly hasLost: boolean },
  ): void {
    const { settings } = jobSettings(definition, parseServiceTarget(target).domain);
    const job = this.#add(target, path, settings);
    if (hasLost) dropServices(job.inputs, this.#host);
    job.restore(record, process);
    if (hasLost && settings.isRunOnce) void job.remove();
  }

  #add(target: ServiceTarget, path: string, settings: JobSettings): Job {
    const endpoints = this.#registry.register(settings.services, target);
    const job = new Job({ target, path, settings, endpoints }, this.#host);
    this.#jobs.set(target, job);
    return job;
  }

  /** A client waits on the service behind `descriptor`. */
  demand(descriptor: number): void {
    const owner = this.#registry.ownerOf(descriptor);
    if (owner !== undefined) this.get(owner as ServiceTarget)?.demand();
  }

  /** A process ended. */
  exited(process: Handle, exitCode: number, signal: number): void {
    const job = this.#processes.get(process);
    this.#processes.delete(process);
    job?.exited(exitCode, signal);
  }

  /**
   * Unloads everything. What remains after `timeout` milliseconds, or when `signal` aborts, is killed.
   * @throws LaunchportError ERR_LAUNCHD_UNKNOWN_OUTCOME when a killed process does not vanish
   */
  async endAll(timeout: number, signal: AbortSignal | undefined): Promise<void> {
    const gone = Promise.all([...this.#jobs.values()].map((job) => job.remove()));
    const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
    await bounded('stop', limits, () => gone).catch(() => {
      this.killAll();
      return bounded('stop', { timeout: REAP_MS }, () => gone);
    });
  }

  /** Kills every process. */
  killAll(): void {
    for (const job of this.#jobs.values()) job.killNow();
  }

  /** For processes that do not vanish even when killed: nothing happens to their jobs any more. */
  stopTimers(): void {
    this.#cancelCheck?.();
    for (const job of this.#jobs.values()) job.stopTimers();
  }

  /** Soon, so that every job is in a settled state; once, however much happens until then. */
  #checkConditions(): void {
    const needsCheck = [...this.#jobs.values()].some((job) => dependsOnOthers(job.inputs.settings.keepAlive));
    if (!needsCheck || this.#cancelCheck !== undefined) return;
    this.#cancelCheck = this.#host.clock.schedule(0, () => {
      this.#cancelCheck = undefined;
      for (const job of this.#jobs.values()) {
        if (dependsOnOthers(job.inputs.settings.keepAlive)) job.conditionsChanged();
      }
    });
  }

  #release(job: HostedJob): void {
    const { target, endpoints } = job.inputs;
    this.#jobs.delete(target);
    this.#registry.unregister(endpoints);
  }
}

/** launchd refuses an agent that is not meant for its session (error 134); one that says nothing is welcome here. */
function assertSession(target: ServiceTarget, definition: JobDefinition, session: ManagerName): void {
  const limit = definition.LimitLoadToSessionType;
  if (limit === undefined || limit === session || (Array.isArray(limit) && limit.includes(session))) return;
  throw jobError(
    'ERR_LAUNCHD_PLIST',
    target,
    `is not meant for ${session} sessions`,
    `Add ${session} to its LimitLoadToSessionType.`,
    { details: { session, limit, meaning: 'sessionMismatch' satisfies ControlMeaning } },
  );
}

function alreadyLoaded(target: ServiceTarget, path: string): LaunchportError {
  return jobError(
    'ERR_LAUNCHD_ALREADY_LOADED',
    target,
    `is already loaded, from ${path}`,
    'Boot it out first.',
    {
      details: { path },
    },
  );
}
