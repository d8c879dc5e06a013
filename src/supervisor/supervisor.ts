/** The embedded launchd: loads jobs, listens for them, starts them on demand and ends them, in this process. */
import { resolve } from 'node:path';
import { abortedError, errorText, type Logger, silentLogger } from '../base/index.js';
import {
  type ControlOptions,
  type DomainTarget,
  domainForManager,
  type JobStatus,
  type JobSummary,
  type LaunchControl,
  type ManagerName,
  parseDomainTarget,
  parseServiceTarget,
  readJobPlist,
  type ServiceTarget,
} from '../launchd/index.js';
import { runtimeDirectory, type SupervisorPort } from '../native/index.js';
import { guardedClock, systemClock } from './clock.js';
import { bounded, DEFAULT_TIMEOUT_MS, notFree } from './control-call.js';
import { assertOwnDomain, currentSession, currentUid } from './domains.js';
import { jobEnvironment } from './environment.js';
import type { EventOptions, JobEvent } from './event-stream.js';
import { onProcessExit } from './exit-hook.js';
import { signalNumber } from './exit-status.js';
import { HostServices } from './host-services.js';
import { stoppedError } from './job-error.js';
import { JobTable } from './job-table.js';
import { OverrideStore } from './override-store.js';
import { openRecovery, type Recovery } from './recovery.js';
import { ServiceRegistry } from './service-registry.js';
import { openStateDirectory, type StateDirectory } from './state-directory.js';
import { openSupervisorPort, type SupervisorOptions } from './supervisor-options.js';
import type { JobTransition } from './transition.js';
import { TransitionFeed } from './transition-feed.js';

/**
 * An embedded launchd. It keeps the event loop alive while it has a service to watch, a start ahead or a process to
 * wait for. Jobs outlive it only with `recover`: else, when the host process exits, they are killed and their sockets
 * removed; when it is killed, the kernel kills them and the next supervisor removes the sockets. SIGTERM of the host is
 * the host's affair: call {@link Supervisor.stop} from its handler. A control call that runs into its deadline stops
 * waiting; what it set off goes on.
 */
export class Supervisor implements LaunchControl, AsyncDisposable {
  readonly kind = 'supervisor';
  /** The private directory, absolute. */
  readonly directory: string;
  /** Where clients find the sockets; `LAUNCHPORT_BOOTSTRAP` of the jobs. */
  readonly bootstrapDirectory: string;
  readonly #port: SupervisorPort;
  readonly #state: StateDirectory;
  readonly #registry: ServiceRegistry;
  readonly #hostServices: HostServices;
  readonly #jobs: JobTable;
  readonly #logger: Logger;
  readonly #feed: TransitionFeed;
  readonly #recovery: Recovery | undefined;
  readonly #removeExitHook: () => void;
  #stopping: Promise<void> | undefined;

  /**
   * Takes the directory and begins to supervise nothing.
   * @throws LaunchportError ERR_UNSUPPORTED where the system has a launchd of its own; ERR_ADDON_NOT_FOUND;
   * ERR_LAUNCHD_SOCKET_PATH, ERR_LAUNCHD_PERMISSION or ERR_SUPERVISOR_RUNNING (`details.pid`) when the directory is
   * too long, not private or taken. Nothing is then changed.
   */
  static async start(options: SupervisorOptions = {}): Promise<Supervisor> {
    const supervisor = new Supervisor(options);
    try {
      const inUse = supervisor.#recovery?.restore(supervisor.#jobs, supervisor.#registry);
      await supervisor.#state.removeStaleSockets(inUse);
    } catch (error) {
      await (supervisor.#recovery === undefined ? supervisor.stop() : supervisor.#letGo());
      throw error;
    }
    return supervisor;
  }

  private constructor(options: SupervisorOptions) {
    const { environment = process.env, logger = silentLogger, clock = systemClock } = options;
    this.#logger = logger;
    this.#feed = new TransitionFeed(logger);
    this.#port = openSupervisorPort(options.binding, {
      demand: (descriptor) => this.#guarded(() => this.#jobs.demand(descriptor)),
      exit: (process, ...how) =>
        this.#guarded(() => this.#recovery?.exited(process) || this.#jobs.exited(process, ...how)),
    });
    try {
      const directory = options.directory ?? runtimeDirectory(environment);
      this.#state = openStateDirectory(directory, this.#port, logger);
    } catch (error) {
      this.#port.close();
      throw error;
    }
    this.directory = this.#state.directory;
    this.bootstrapDirectory = this.#state.bootstrapDirectory;
    const basics = { port: this.#port, clock: guardedClock(clock, (work) => this.#guarded(work)), logger };
    this.#recovery = openRecovery(this.directory, options.recover ?? false, basics);
    this.#registry = new ServiceRegistry(this.#port, this.bootstrapDirectory, this.#recovery);
    this.#hostServices = new HostServices(this.#registry);
    this.#jobs = new JobTable(this.#registry, new OverrideStore(this.directory, logger), {
      ...basics,
      environment: ({ label, environment: own, identity }) =>
        jobEnvironment({ label, own, bootstrap: this.bootstrapDirectory, host: environment, ...identity }),
      emit: (transition) => {
        this.#recovery?.noted(transition, this.#jobs.get(transition.target)?.record());
        this.#feed.emit(transition, clock.wallTime());
      },
      ...(this.#recovery === undefined ? {} : { journal: this.#recovery }),
    });
    // Whatever ends a supervisor that recovers, the next one goes on.
    this.#removeExitHook = this.#recovery ? () => {} : onProcessExit(() => this.#exitHook());
    this.#port.setActive(true);
  }

  async managerName(): Promise<ManagerName> {
    return currentSession();
  }

  async defaultDomain(): Promise<DomainTarget> {
    return domainForManager(currentSession(), currentUid());
  }

  /**
   * Loads a job, all or nothing: every service has its socket, or nothing changed. While a job of this label is
   * being unloaded, waits for that. A start that fails does not fail the load; see `print`.
   * @throws LaunchportError ERR_LAUNCHD_PLIST, ERR_LAUNCHD_PERMISSION, ERR_LAUNCHD_NO_DOMAIN, ERR_LAUNCHD_DISABLED,
   * ERR_LAUNCHD_ALREADY_LOADED, ERR_LAUNCHD_SERVICE_TAKEN (`details.owner`), ERR_LAUNCHD_SOCKET_PATH, ERR_XPC_NAME
   */
  async bootstrap(
    domain: DomainTarget,
    plistPath: string,
    options: ControlOptions = {},
  ): Promise<ServiceTarget> {
    this.#assertRunning();
    assertOwnDomain(parseDomainTarget(domain), domain);
    const what = `bootstrap ${domain} ${plistPath}`;
    const prepare = async (signal: AbortSignal) => {
      const path = resolve(plistPath);
      const { definition, warnings } = await readJobPlist(path);
      const target = await this.#jobs.whenFree(domain, definition.Label, signal);
      return { target, path, definition, warnings };
    };
    const request = await bounded(what, options, prepare, notFree);
    // The last moment at which the call can fail: a job is loaded exactly when its caller is told so.
    if (options.signal?.aborted) throw abortedError(what, options.signal);
    this.#assertRunning();
    this.#jobs.load(request);
    return request.target;
  }

  /**
   * Unloads a job: SIGTERM, after ExitTimeOut SIGKILL, then SIGTERM to what remains of its process group. Resolves
   * when the process is gone and the label and the services are free; waiting clients are reset.
   * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED
   */
  bootout(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    return bounded(`bootout ${target}`, options, () => this.#jobs.find(this.#canonical(target)).remove());
  }

  /**
   * Starts the job now, ThrottleInterval or not, and resolves to its pid. Calls that overlap share one start.
   * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, ERR_LAUNCHD_BUSY while it is being unloaded, ERR_LAUNCHD_SPAWN
   */
  kickstart(
    target: ServiceTarget,
    options: ControlOptions & { readonly kill?: boolean } = {},
  ): Promise<number> {
    return bounded(`kickstart ${target}`, options, async () =>
      this.#jobs.find(this.#canonical(target)).kickstart(options.kill ?? false),
    );
  }

  /** @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, or ERR_LAUNCHD_STATE when no process of it runs */
  kill(target: ServiceTarget, signal: NodeJS.Signals, options: ControlOptions = {}): Promise<void> {
    const number = signalNumber(signal);
    return bounded(`kill ${signal} ${target}`, options, async () =>
      this.#jobs.find(this.#canonical(target)).signal(number),
    );
  }

  print(target: ServiceTarget, options: ControlOptions = {}): Promise<JobStatus | undefined> {
    return bounded(`print ${target}`, options, async () => this.#jobs.get(this.#canonical(target))?.status());
  }

  enable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    return bounded(`enable ${target}`, options, async () =>
      this.#jobs.override(this.#canonical(target), false),
    );
  }

  disable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    return bounded(`disable ${target}`, options, async () =>
      this.#jobs.override(this.#canonical(target), true),
    );
  }

  overrides(domain: DomainTarget, options: ControlOptions = {}): Promise<ReadonlyMap<string, boolean>> {
    return bounded(`overrides ${domain}`, options, async () => {
      this.#assertRunning();
      assertOwnDomain(parseDomainTarget(domain), domain);
      return this.#jobs.overrides(domain);
    });
  }

  list(options: ControlOptions = {}): Promise<readonly JobSummary[]> {
    return bounded('list', options, async () => {
      this.#assertRunning();
      return this.#jobs.summaries();
    });
  }

  /**
   * A listening descriptor for a service of the host process itself. It stays the supervisor's, which closes it at
   * `release` or `stop`; listen on a duplicate.
   * @throws LaunchportError ERR_LAUNCHD_SERVICE_TAKEN, ERR_XPC_NAME, ERR_LAUNCHD_SOCKET_PATH, ERR_LAUNCHD_STATE
   */
  checkIn(service: string): number {
    this.#assertRunning();
    return this.#hostServices.checkIn(service);
  }

  /** Gives a service of the host up and resets its waiting clients. Harmless when it is not one. */
  release(service: string): void {
    this.#hostServices.release(service);
  }

  /** Calls `listener` soon after each transition, in order; the result unsubscribes. What it throws is logged. */
  onTransition(listener: (transition: JobTransition) => void): () => void {
    return this.#feed.subscribe(listener);
  }

  /**
   * What happens from now on, until the supervisor stops or the signal aborts. A reader that falls behind by more
   * than `bufferSize` events loses the oldest, and is told how many. @throws RangeError for a wrong `bufferSize`
   */
  events(options: EventOptions = {}): AsyncIterableIterator<JobEvent> {
    return this.#feed.stream(options);
  }

  /**
   * Unloads every job, frees every service and gives the directory up. When the deadline passes or the signal
   * aborts, the jobs that remain are killed. A second call waits for the first.
   * @throws LaunchportError ERR_LAUNCHD_UNKNOWN_OUTCOME when a killed process does not vanish
   */
  stop(options: ControlOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop({ timeout = DEFAULT_TIMEOUT_MS, signal }: ControlOptions): Promise<void> {
    try {
      await this.#jobs.endAll(timeout, signal);
    } finally {
      this.#jobs.stopTimers();
      // Each must be tried: whoever removed the directory under us has not freed its lock.
      this.#guarded(() => this.#registry.clear());
      await this.#recovery?.end();
      this.#letGo();
    }
  }

  /** Ends this object alone: what it has recovered is the next supervisor's. */
  #letGo(): void {
    this.#removeExitHook();
    this.#jobs.stopTimers();
    this.#recovery?.letGo();
    this.#guarded(() => this.#state.unlock());
    this.#port.close();
    this.#feed.end();
  }

  #exitHook(): void {
    this.#guarded(() => this.#jobs.killAll());
    this.#guarded(() => this.#registry.unlinkAll());
  }

  #canonical(target: ServiceTarget): ServiceTarget {
    this.#assertRunning();
    const { domain, label } = parseServiceTarget(target);
    assertOwnDomain(domain, target);
    return `${domain}/${label}`;
  }

  #assertRunning(): void {
    if (this.#stopping !== undefined) throw stoppedError(this.directory);
  }

  /** Nothing may be thrown into the binding or out of an exit hook. */
  #guarded(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.#logger.error(`supervisor: ${errorText(error)}`, { error });
    }
  }
}
