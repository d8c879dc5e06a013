/** A launchd in memory: loads real plists, keeps jobs per domain, and fails where a test says. */
import { readFile } from 'node:fs/promises';
import { LaunchportError } from '../../src/base/index.js';
import {
  type ControlOptions,
  type DomainTarget,
  type JobDefinition,
  type JobStatus,
  type JobSummary,
  type LaunchControl,
  type ManagerName,
  parseJobPlist,
  type ServiceTarget,
  serviceTarget,
} from '../../src/launchd/index.js';

/** A job as the fake holds it. */
export interface FakeJob {
  readonly target: ServiceTarget;
  readonly path: string;
  readonly definition: JobDefinition;
  pid: number;
}

type Verb =
  | 'defaultDomain'
  | 'bootstrap'
  | 'bootout'
  | 'kickstart'
  | 'kill'
  | 'print'
  | 'list'
  | 'enable'
  | 'disable'
  | 'overrides';

/** The fake. Everything about it may be changed between calls. */
export class FakeControl implements LaunchControl {
  readonly kind: LaunchControl['kind'];
  /** The domain of the shell the test pretends to be in. */
  domain: DomainTarget;
  /** Domains that exist. */
  readonly domains: Set<DomainTarget>;
  readonly jobs = new Map<ServiceTarget, FakeJob>();
  /** What was enabled and disabled by hand: true for disabled. */
  readonly disabled = new Map<ServiceTarget, boolean>();
  /** What was asked, without `print` and `defaultDomain`: `bootstrap user/501 /path`. */
  readonly calls: string[] = [];
  /** Runs before a verb takes effect; what it throws is the outcome, and the verb has no effect. */
  before: ((verb: Verb, subject: string, options: ControlOptions) => void | Promise<void>) | undefined;
  /** Runs after a verb took effect; what it throws is the outcome. */
  after: ((verb: Verb, subject: string) => void | Promise<void>) | undefined;
  /** Most operations that were under way at once. */
  busiest = 0;
  #running = 0;
  #nextPid = 100;

  constructor(
    options: {
      kind?: LaunchControl['kind'];
      domain?: DomainTarget;
      domains?: readonly DomainTarget[];
    } = {},
  ) {
    this.kind = options.kind ?? 'supervisor';
    this.domain = options.domain ?? 'user/501';
    this.domains = new Set(options.domains ?? [this.domain]);
  }

  /** Fails the next call of a verb, before it has an effect. */
  failNext(verb: Verb, error: LaunchportError): void {
    const previous = this.before;
    this.before = async (each, subject, options) => {
      if (each !== verb) return previous?.(each, subject, options);
      this.before = previous;
      throw error;
    };
  }

  defaultDomain(options: ControlOptions = {}): Promise<DomainTarget> {
    return this.#do('defaultDomain', '', options, () => this.domain);
  }

  async managerName(): Promise<ManagerName> {
    return this.domain === 'system' ? 'System' : this.domain.startsWith('gui/') ? 'Aqua' : 'Background';
  }

  bootstrap(domain: DomainTarget, plistPath: string, options: ControlOptions = {}): Promise<ServiceTarget> {
    return this.#do('bootstrap', `${domain} ${plistPath}`, options, async () => {
      this.#assertDomain(domain);
      const { definition } = parseJobPlist(await readFile(plistPath), plistPath);
      const target = serviceTarget(domain, definition.Label);
      if (this.disabled.get(target) ?? definition.Disabled ?? false)
        throw new LaunchportError('ERR_LAUNCHD_DISABLED', `disabled: ${target}`);
      if (this.jobs.has(target)) throw new LaunchportError('ERR_LAUNCHD_ALREADY_LOADED', `loaded: ${target}`);
      this.jobs.set(target, { target, path: plistPath, definition, pid: this.#nextPid++ });
      return target;
    });
  }

  bootout(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    return this.#do('bootout', target, options, () => {
      this.#job(target);
      this.jobs.delete(target);
    });
  }

  kickstart(
    target: ServiceTarget,
    options: ControlOptions & { readonly kill?: boolean } = {},
  ): Promise<number | undefined> {
    return this.#do('kickstart', `${options.kill ? '-k ' : ''}${target}`, options, () => {
      const job = this.#job(target);
      if (options.kill) job.pid = this.#nextPid++;
      return job.pid;
    });
  }

  kill(target: ServiceTarget, signal: NodeJS.Signals, options: ControlOptions = {}): Promise<void> {
    return this.#do('kill', `${signal} ${target}`, options, () => void this.#job(target));
  }

  print(target: ServiceTarget, options: ControlOptions = {}): Promise<JobStatus | undefined> {
    return this.#do('print', target, options, () => {
      this.#assertDomain(target.slice(0, target.lastIndexOf('/')) as DomainTarget);
      const job = this.jobs.get(target);
      if (job === undefined) return undefined;
      return {
        target,
        label: job.definition.Label,
        state: 'running' as const,
        pid: job.pid,
        runs: 1,
        path: job.path,
        ...(job.definition.StandardOutPath === undefined
          ? {}
          : { stdoutPath: job.definition.StandardOutPath }),
        ...(job.definition.StandardErrorPath === undefined
          ? {}
          : { stderrPath: job.definition.StandardErrorPath }),
        arguments: job.definition.ProgramArguments ?? [],
        endpoints: Object.keys(job.definition.MachServices ?? {}).map((name) => ({ name, isActive: true })),
      };
    });
  }

  enable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    return this.#do('enable', target, options, () => void this.disabled.set(target, false));
  }

  disable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    return this.#do('disable', target, options, () => void this.disabled.set(target, true));
  }

  overrides(domain: DomainTarget, options: ControlOptions = {}): Promise<ReadonlyMap<string, boolean>> {
    return this.#do('overrides', domain, options, () => {
      this.#assertDomain(domain);
      const own = [...this.disabled].filter(([target]) => target.startsWith(`${domain}/`));
      return new Map(own.map(([target, isDisabled]) => [target.slice(domain.length + 1), isDisabled]));
    });
  }

  list(options: ControlOptions = {}): Promise<readonly JobSummary[]> {
    return this.#do('list', '', options, () =>
      [...this.jobs.values()].map((job) => ({ label: job.definition.Label, pid: job.pid, status: 0 })),
    );
  }

  #job(target: ServiceTarget): FakeJob {
    const job = this.jobs.get(target);
    if (job === undefined) throw new LaunchportError('ERR_LAUNCHD_NOT_LOADED', `not loaded: ${target}`);
    return job;
  }

  #assertDomain(domain: DomainTarget): void {
    if (this.domains.has(domain)) return;
    throw new LaunchportError('ERR_LAUNCHD_NO_DOMAIN', `no such domain: ${domain}`);
  }

  async #do<T>(verb: Verb, subject: string, options: ControlOptions, task: () => T | Promise<T>): Promise<T> {
    if (verb !== 'print' && verb !== 'defaultDomain') this.calls.push(`${verb} ${subject}`.trim());
    this.#running += 1;
    this.busiest = Math.max(this.busiest, this.#running);
    try {
      await this.before?.(verb, subject, options);
      const result = await task();
      await this.after?.(verb, subject);
      return result;
    } finally {
      this.#running -= 1;
    }
  }
}
