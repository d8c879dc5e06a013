/** The embedded launchd: what `/bin/launchctl` controls on macOS, in this process, behind the same interface. */
import { rmdirSync } from 'node:fs';
import { constants } from 'node:os';
import {
  assertServiceName,
  errorText,
  LaunchportError,
  type Logger,
  silentLogger,
  withDeadline,
} from '../base/index.js';
import {
  type ControlOptions,
  type DomainTarget,
  type JobDefinition,
  type JobStatus,
  type JobSummary,
  type LaunchControl,
  type ManagerName,
  parseDomainTarget,
  parseServiceTarget,
  readJobPlist,
  type ServiceTarget,
  serviceTarget,
} from '../launchd/index.js';
import { type Binding, loadBinding, runtimeDirectory, type SupervisorPort } from '../native/index.js';
import { type Clock, systemClock } from './clock.js';
import { jobEnvironment } from './environment.js';
import { Job, type JobHost } from './job.js';
import { jobSettings } from './job-settings.js';
import { JobTable } from './job-table.js';
import { ServiceRegistry } from './service-registry.js';
import { openStateDirectory, type StateDirectory } from './state-directory.js';
import type { JobTransition } from './transition.js';

/** Milliseconds a control call may take when nothing else is said. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Milliseconds that killed jobs get to be reaped before a stop gives them up. */
const REAP_MS = 2_000;

/** How a supervisor is set up; everything has a default. */
export interface SupervisorOptions {
  /** Private directory of its lock and sockets. Default {@link runtimeDirectory}. */
  readonly directory?: string;
  /** Default {@link loadBinding}. */
  readonly binding?: Binding;
  /** Session variables of jobs are taken from here; default that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/**
 * A launchd of one's own, for systems without one. It lives in the process that starts it, and its jobs with it: they
 * end when it stops, when the process exits, and when the process is killed. Dispose of it with `await using` or
 * {@link Supervisor.stop}. While a job is loaded the event loop is kept alive.
 */
export class Supervisor implements LaunchControl, AsyncDisposable {
  readonly kind = 'supervisor';
  readonly #port: SupervisorPort;
  readonly #logger: Logger;
  readonly #state: StateDirectory;
  readonly #services: ServiceRegistry;
  readonly #jobs = new JobTable();
  readonly #host: JobHost;
  readonly #listeners = new Set<(transition: JobTransition) => void>();
  readonly #onExit = () => this.#abandon();
  #stopped: Promise<void> | undefined;

  private constructor(options: SupervisorOptions, binding: Binding) {
    if (binding.openSupervisor === undefined) {
      throw new LaunchportError('ERR_UNSUPPORTED', `there is no embedded launchd on ${binding.platform}`, {
        hint: 'Use LaunchctlControl: the system has a launchd of its own.',
      });
    }
    const environment = options.environment ?? process.env;
    this.#logger = options.logger ?? silentLogger;
    this.#port = binding.openSupervisor({
      demand: (descriptor) => this.#jobs.byDescriptor(descriptor)?.demand(),
      exit: (process, exitCode, signal) => this.#jobs.takeProcess(process)?.exited(exitCode, signal),
    });
    try {
      this.#state = openStateDirectory(
        options.directory ?? runtimeDirectory(environment),
        this.#port,
        this.#logger,
      );
    } catch (error) {
      this.#port.close();
      throw error;
    }
    const bootstrap = this.#state.bootstrapDirectory;
    this.#services = new ServiceRegistry(this.#port, bootstrap);
    this.#host = {
      port: this.#port,
      clock: options.clock ?? systemClock,
      logger: this.#logger,
      environment: ({ label, environment: own }) =>
        jobEnvironment({ label, bootstrap, host: environment, own }),
      adopt: (process, job) => this.#jobs.addProcess(process, job),
      emit: (transition) => this.#emit(transition),
      release: (job) => this.#release(job),
    };
    process.on('exit', this.#onExit);
  }

  /**
   * Takes the directory and starts to serve.
   * @throws LaunchportError ERR_SUPERVISOR_RUNNING when the directory has a supervisor, ERR_LAUNCHD_PERMISSION when it is
   *   not private, ERR_LAUNCHD_SOCKET_PATH when it is too long, ERR_ADDON_NOT_FOUND, ERR_UNSUPPORTED
   */
  static async start(options: SupervisorOptions = {}): Promise<Supervisor> {
    return new Supervisor(options, options.binding ?? loadBinding());
  }

  /** The private directory. */
  get directory(): string {
    return this.#state.directory;
  }

  /** Where its services are looked up; jobs have it in `LAUNCHPORT_BOOTSTRAP`. */
  get bootstrapDirectory(): string {
    return this.#state.bootstrapDirectory;
  }

  /** `Background`, or `System` for root. */
  async managerName(): Promise<ManagerName> {
    return isRoot() ? 'System' : 'Background';
  }

  /** `user/UID`, or `system` for root. */
  async defaultDomain(): Promise<DomainTarget> {
    return ownDomains()[0] as DomainTarget;
  }

  /**
   * Loads a job; all its sockets are bound, or nothing is changed. Waits for an earlier job of the label that is being
   * unloaded.
   * @throws LaunchportError ERR_LAUNCHD_PLIST, ERR_LAUNCHD_PERMISSION, ERR_LAUNCHD_DISABLED, ERR_LAUNCHD_NO_DOMAIN,
   *   ERR_LAUNCHD_ALREADY_LOADED, ERR_LAUNCHD_BUSY, ERR_LAUNCHD_SERVICE_TAKEN, ERR_LAUNCHD_SOCKET_PATH
   */
  async bootstrap(
    domain: DomainTarget,
    plistPath: string,
    options: ControlOptions = {},
  ): Promise<ServiceTarget> {
    this.#assertDomain(domain);
    return this.#bounded(`loading ${plistPath}`, options, async (signal) => {
      const { definition, warnings } = await readJobPlist(plistPath);
      const target = serviceTarget(domain, definition.Label);
      for (let old = this.#jobs.get(target); old !== undefined; old = this.#jobs.get(target)) {
        if (!old.isRemoving) throw alreadyLoaded(target, old.inputs.path);
        await old.removed;
      }
      // The caller may have been told by now that the call failed: then nothing may be loaded.
      if (!signal.aborted) this.#load(target, plistPath, definition, warnings);
      return target;
    });
  }

  /**
   * Ends the job (SIGTERM, after ExitTimeOut SIGKILL) and unloads it. Clients that still wait are reset.
   * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED; ERR_LAUNCHD_BUSY when it has not ended in time, and goes on ending
   */
  async bootout(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    const job = this.#find(target);
    await this.#bounded(`unloading ${target}`, options, () => job.remove());
  }

  /** @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, ERR_LAUNCHD_SPAWN, ERR_LAUNCHD_BUSY */
  async kickstart(
    target: ServiceTarget,
    options: ControlOptions & { readonly kill?: boolean } = {},
  ): Promise<number> {
    const job = this.#find(target);
    return this.#bounded(`starting ${target}`, options, () => job.kickstart(options.kill ?? false));
  }

  /** @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, ERR_LAUNCHD_STATE when it has no process */
  async kill(target: ServiceTarget, signal: NodeJS.Signals): Promise<void> {
    const number = constants.signals[signal];
    if (number === undefined) throw new TypeError(`not a signal: ${String(signal)}`);
    this.#find(target).signal(number);
  }

  async print(target: ServiceTarget): Promise<JobStatus | undefined> {
    parseServiceTarget(target);
    return this.#jobs.get(target)?.status();
  }

  async list(): Promise<readonly JobSummary[]> {
    return this.#jobs.all.map((job) => job.summary()).sort((a, b) => (a.label < b.label ? -1 : 1));
  }

  /**
   * Registers a service of the host process itself. Resolves to a listening descriptor, which stays the supervisor's:
   * hand it to a listener, which duplicates it, and call {@link Supervisor.release} at the end.
   * @throws LaunchportError ERR_XPC_NAME, ERR_LAUNCHD_SERVICE_TAKEN, ERR_LAUNCHD_SOCKET_PATH, ERR_LAUNCHD_STATE
   */
  checkIn(service: string): number {
    this.#assertRunning();
    assertServiceName(service);
    const [endpoint] = this.#services.register([service], `process ${process.pid}`);
    return (endpoint as NonNullable<typeof endpoint>).descriptor;
  }

  /** Frees a service of the host process. Harmless when it is free, or a job's. */
  release(service: string): void {
    const endpoint = this.#services.get(service);
    if (endpoint?.owner === `process ${process.pid}`) this.#services.unregister([endpoint]);
  }

  /** Calls `listener` at every step of every job, in order. Returns the way to end it. */
  onTransition(listener: (transition: JobTransition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Boots everything out and lets go of the directory. Jobs that have not ended within `timeout` milliseconds (default
   * 30 000), or when `signal` aborts, are killed. Idempotent.
   */
  stop(options: ControlOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(options: ControlOptions): Promise<void> {
    const gone = Promise.all(this.#jobs.all.map((job) => job.remove()));
    await this.#bounded('stopping all jobs', options, () => gone).catch(async (error: unknown) => {
      this.#logger.warn('jobs are killed', { reason: errorText(error) });
      for (const job of this.#jobs.all) job.killNow();
      await this.#bounded('reaping killed jobs', { timeout: REAP_MS }, () => gone).catch(() => {});
    });
    process.off('exit', this.#onExit);
    this.#abandon();
    this.#services.unregister(this.#services.names.flatMap((name) => this.#services.get(name) ?? []));
    try {
      rmdirSync(this.#state.bootstrapDirectory);
    } catch {
      // A socket that was served when this supervisor started is still there; it is not ours to remove.
    }
    this.#state.unlock();
    this.#port.close();
  }

  /** What can be done with no time left: at the process's exit. */
  #abandon(): void {
    for (const job of this.#jobs.all) job.killNow();
    this.#services.unlinkAll();
  }

  #load(
    target: ServiceTarget,
    path: string,
    definition: JobDefinition,
    plistWarnings: readonly string[],
  ): void {
    this.#assertRunning();
    assertLoadable(target, definition);
    const { settings, warnings } = jobSettings(definition);
    for (const warning of [...plistWarnings, ...warnings]) this.#logger.warn(`${path}: ${warning}`);
    const endpoints = this.#services.register(settings.services, target);
    const job = new Job({ target, path, settings, endpoints }, this.#host);
    this.#jobs.add(job);
    this.#port.setActive(true);
    job.load();
  }

  #release(job: Job): void {
    this.#jobs.remove(job);
    this.#services.unregister(job.inputs.endpoints);
    if (this.#jobs.all.length === 0) this.#port.setActive(false);
  }

  #emit(transition: JobTransition): void {
    for (const listener of this.#listeners) {
      try {
        listener(transition);
      } catch (error) {
        this.#logger.error('a transition listener threw', { error: errorText(error) });
      }
    }
  }

  #find(target: ServiceTarget): Job {
    this.#assertRunning();
    this.#assertDomain(parseServiceTarget(target).domain);
    const job = this.#jobs.get(target);
    if (job !== undefined) return job;
    throw new LaunchportError('ERR_LAUNCHD_NOT_LOADED', `no job is loaded at ${target}`, {
      hint: 'Load it first; `list` shows the jobs there are.',
      details: { target },
    });
  }

  #bounded<T>(what: string, options: ControlOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { timeout = DEFAULT_TIMEOUT_MS, signal } = options;
    const onTimeout = () =>
      new LaunchportError('ERR_LAUNCHD_BUSY', `${what} is not done after ${timeout} ms`, {
        hint: 'It goes on. Look again with print, or allow more time.',
        details: { timeout },
      });
    return withDeadline(what, { timeout, signal }, onTimeout, work);
  }

  #assertRunning(): void {
    if (this.#stopped === undefined) return;
    throw new LaunchportError('ERR_LAUNCHD_STATE', `the supervisor in ${this.directory} is stopped`, {
      hint: 'Start another one.',
      details: { directory: this.directory },
    });
  }

  #assertDomain(domain: DomainTarget): void {
    const own = ownDomains();
    if (own.includes(parseDomainTarget(domain))) return;
    throw new LaunchportError('ERR_LAUNCHD_NO_DOMAIN', `this supervisor has no domain ${domain}`, {
      hint: `Use ${own.join(' or ')}.`,
      details: { domain },
    });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The default first. */
function ownDomains(): readonly DomainTarget[] {
  const user: DomainTarget = `user/${process.getuid?.() ?? 0}`;
  return isRoot() ? ['system', user] : [user];
}

/** Refuses what launchd refuses: 119 for a disabled job, 134 for one of another session type. */
function assertLoadable(target: ServiceTarget, { Disabled, LimitLoadToSessionType }: JobDefinition): void {
  if (Disabled === true) {
    throw new LaunchportError('ERR_LAUNCHD_DISABLED', `job ${target} is disabled by its plist`, {
      hint: 'Remove the Disabled key.',
      details: { target },
    });
  }
  const session = target.startsWith('system/') ? 'System' : 'Background';
  const sessions = LimitLoadToSessionType === undefined ? [session] : [LimitLoadToSessionType].flat();
  if (sessions.includes(session)) return;
  throw new LaunchportError(
    'ERR_LAUNCHD_NO_DOMAIN',
    `job ${target} is only for sessions of type ${sessions.join(', ')}`,
    {
      hint: `Add ${session} to LimitLoadToSessionType.`,
      details: { target, sessions },
    },
  );
}

function alreadyLoaded(target: ServiceTarget, path: string): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_ALREADY_LOADED', `job ${target} is already loaded, from ${path}`, {
    hint: 'Boot it out first to load it anew.',
    details: { target, path },
  });
}
