/** Controls a supervisor that runs in another process. */
import { resolve } from 'node:path';
import { isLaunchportError, LaunchportError } from '../../base/index.js';
import {
  type ControlOptions,
  type DomainTarget,
  type JobStatus,
  type JobSummary,
  type LaunchControl,
  type ManagerName,
  parseDomainTarget,
  parseServiceTarget,
  readJobPlist,
  type ServiceTarget,
  serviceTarget,
} from '../../launchd/index.js';
import { bootstrapDirectory } from '../../native/index.js';
import { XpcTransport } from '../../xpc/index.js';
import type { EventOptions, JobEvent } from '../event-stream.js';
import { fromErrorJson } from './error-json.js';
import { SupervisorLink } from './link.js';
import { SUPERVISOR_PROTOCOL, SUPERVISOR_SERVICE, supervisorProtocol } from './protocol.js';
import { RemoteCalls } from './remote-calls.js';
import { protocolError } from './version.js';

/** How to reach a supervisor. */
export interface SupervisorClientOptions {
  /** Default the process's own. */
  readonly transport?: XpcTransport;
  /** Its bootstrap directory; default the environment's. */
  readonly bootstrap?: string;
  /** Milliseconds that a daemon which went away may take to come back; default 5000. */
  readonly reconnectTimeout?: number;
}

/** What a supervisor says of itself. */
export interface SupervisorInfo {
  /** The edition of the control protocol it speaks. */
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  /** Its runtime directory. */
  readonly directory: string;
  readonly startedAt: Date;
  /** Jobs that are loaded. */
  readonly jobs: number;
  /** Path of its log, when it keeps one. */
  readonly log?: string;
}

const { routes } = supervisorProtocol;

/**
 * The control interface of a supervisor daemon. Connects at the first call. When the daemon goes away, calls are
 * repeated at the next one, which has `reconnectTimeout` to come: `bootstrap` and `bootout` look first what became of
 * them; `kill`, and `kickstart` with `kill`, are never repeated and fail with ERR_LAUNCHD_UNKNOWN_OUTCOME.
 *
 * Errors are the supervisor's own, and ERR_SERVER_NOT_RUNNING when no daemon answers, ERR_SUPERVISOR_PROTOCOL when it
 * is of another version. A call settles at most a quarter of a second after its timeout.
 */
export class SupervisorClient implements LaunchControl, AsyncDisposable {
  readonly kind = 'supervisor';
  /** Where clients find the supervisor's services. */
  readonly bootstrapDirectory: string;
  readonly #link: SupervisorLink;
  readonly #calls: RemoteCalls;

  constructor(options: SupervisorClientOptions = {}) {
    this.bootstrapDirectory = options.bootstrap ?? bootstrapDirectory();
    this.#link = new SupervisorLink({
      transport: options.transport ?? XpcTransport.default(),
      bootstrap: this.bootstrapDirectory,
      reconnectTimeout: options.reconnectTimeout ?? 5_000,
    });
    this.#calls = new RemoteCalls(this.#link);
  }

  /**
   * A client of a daemon that answers and speaks the same protocol.
   * @throws LaunchportError ERR_SERVER_NOT_RUNNING, ERR_SUPERVISOR_PROTOCOL, ERR_LAUNCHD_UNKNOWN_OUTCOME when it hangs
   */
  static async connect(options: SupervisorClientOptions & ControlOptions = {}): Promise<SupervisorClient> {
    const client = new SupervisorClient(options);
    try {
      const { protocol } = await client.info(options);
      if (protocol !== SUPERVISOR_PROTOCOL) throw protocolError(SUPERVISOR_PROTOCOL, protocol);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** What runs there; works with every version. */
  info(options: ControlOptions = {}): Promise<SupervisorInfo> {
    return this.#calls.run('info', options, true, async ({ client, bounds }) => {
      const { log, ...info } = await client.call(routes.info, {}, bounds);
      return { ...info, ...(log === undefined ? {} : { log }) };
    });
  }

  /**
   * Asks the daemon to end all jobs and itself, with `timeout` milliseconds for the jobs; works with every version.
   * Resolves to its pid as soon as it has agreed.
   */
  shutdown(options: ControlOptions & { readonly jobTimeout?: number } = {}): Promise<number> {
    const { jobTimeout } = options;
    return this.#calls.run('shutdown', options, false, async ({ client, bounds }) => {
      const request = jobTimeout === undefined ? {} : { timeout: jobTimeout };
      return (await client.call(routes.shutdown, request, bounds)).pid;
    });
  }

  async managerName(options: ControlOptions = {}): Promise<ManagerName> {
    const { manager } = await this.#calls.verb('managername', options, true, ({ client, head, bounds }) =>
      client.call(routes.session, head, bounds),
    );
    return present(manager, 'session') as ManagerName;
  }

  async defaultDomain(options: ControlOptions = {}): Promise<DomainTarget> {
    const { domain } = await this.#calls.verb('defaultDomain', options, true, ({ client, head, bounds }) =>
      client.call(routes.session, head, bounds),
    );
    return parseDomainTarget(present(domain, 'session'));
  }

  async bootstrap(
    domain: DomainTarget,
    plistPath: string,
    options: ControlOptions = {},
  ): Promise<ServiceTarget> {
    const path = resolve(plistPath);
    const reply = await this.#calls.verb(`bootstrap ${domain} ${path}`, options, true, async (call) => {
      const { client, head, bounds, isDoubtful } = call;
      if (isDoubtful) {
        const { definition } = await readJobPlist(path);
        const target = serviceTarget(domain, definition.Label);
        const { status } = await client.call(routes.print, { ...head, target }, bounds);
        if (status?.path === path) return { target };
      }
      return client.call(routes.bootstrap, { ...head, domain, path }, bounds);
    });
    const { domain: where, label } = parseServiceTarget(present(reply.target, 'bootstrap'));
    return `${where}/${label}`;
  }

  async bootout(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    await this.#calls.verb(
      `bootout ${target}`,
      options,
      true,
      async ({ client, head, bounds, isDoubtful }) => {
        const reply = await client.call(routes.bootout, { ...head, target }, bounds);
        // Gone is what was asked for, whoever did it.
        return isDoubtful && reply.error?.code === 'ERR_LAUNCHD_NOT_LOADED' ? {} : reply;
      },
    );
  }

  async kickstart(
    target: ServiceTarget,
    options: ControlOptions & { readonly kill?: boolean } = {},
  ): Promise<number | undefined> {
    const { kill = false } = options;
    const { pid } = await this.#calls.verb(
      `kickstart ${target}`,
      options,
      !kill,
      ({ client, head, bounds }) => client.call(routes.kickstart, { ...head, target, kill }, bounds),
    );
    return pid;
  }

  async kill(target: ServiceTarget, signal: NodeJS.Signals, options: ControlOptions = {}): Promise<void> {
    await this.#calls.verb(`kill ${signal} ${target}`, options, false, ({ client, head, bounds }) =>
      client.call(routes.kill, { ...head, target, signal }, bounds),
    );
  }

  async print(target: ServiceTarget, options: ControlOptions = {}): Promise<JobStatus | undefined> {
    const { status } = await this.#calls.verb(`print ${target}`, options, true, ({ client, head, bounds }) =>
      client.call(routes.print, { ...head, target }, bounds),
    );
    return status;
  }

  async enable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    await this.#calls.verb(`enable ${target}`, options, true, ({ client, head, bounds }) =>
      client.call(routes.enable, { ...head, target }, bounds),
    );
  }

  async disable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    await this.#calls.verb(`disable ${target}`, options, true, ({ client, head, bounds }) =>
      client.call(routes.disable, { ...head, target }, bounds),
    );
  }

  async overrides(domain: DomainTarget, options: ControlOptions = {}): Promise<ReadonlyMap<string, boolean>> {
    const { overrides } = await this.#calls.verb(`overrides ${domain}`, options, true, (call) =>
      call.client.call(routes.overrides, { ...call.head, domain }, call.bounds),
    );
    return new Map(Object.entries(present(overrides, 'overrides')));
  }

  async list(options: ControlOptions = {}): Promise<readonly JobSummary[]> {
    const { jobs } = await this.#calls.verb('list', options, true, ({ client, head, bounds }) =>
      client.call(routes.list, head, bounds),
    );
    return present(jobs, 'list');
  }

  /**
   * Transitions of all jobs from the first `next` on. The daemon keeps `bufferSize` for a slow reader, then drops the
   * oldest and says how many. Ends when the signal aborts and when the daemon is stopped; fails with
   * ERR_XPC_INTERRUPTED when it went away otherwise, for nobody knows what was missed.
   */
  async *events(options: EventOptions = {}): AsyncGenerator<JobEvent, void, void> {
    const { signal, bufferSize } = options;
    if (signal?.aborted) return;
    // One round trip first, which finds a daemon that was started again, or tells that there is none.
    await this.info(signal === undefined ? {} : { signal });
    const head = { protocol: SUPERVISOR_PROTOCOL, call: this.#calls.next(), bufferSize };
    const stream = this.#link.client.stream(routes.events, head, {
      timeout: Number.POSITIVE_INFINITY,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      for (;;) {
        const { done, value } = await stream.next();
        if (done === true) {
          const { error } = value ?? {};
          if (error !== undefined) throw fromErrorJson(error);
          return;
        }
        if (value.event !== undefined) yield value.event;
      }
    } catch (error) {
      if (!(signal?.aborted === true && isLaunchportError(error, 'ERR_ABORTED'))) throw error;
    } finally {
      await stream.return();
    }
  }

  /** Ends the connection; the daemon and its jobs stay. */
  close(): Promise<void> {
    return this.#link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function present<T>(value: T | undefined, route: string): T {
  if (value !== undefined) return value;
  throw new LaunchportError('ERR_ROUTE_REPLY', `${SUPERVISOR_SERVICE}/${route}: the reply says nothing`, {
    details: { service: SUPERVISOR_SERVICE, route },
  });
}
