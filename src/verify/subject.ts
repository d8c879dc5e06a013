/** What the checks of a job work on: one kind of job of the plugin, loaded on a bench and asked on demand. */
import { delay, errorText, printable } from '../base/index.js';
import type { BundleBench, BundleJob, BundleJobOptions } from '../harness/index.js';
import type { JobStatus } from '../launchd/index.js';
import type { Plugin, RegistrationKind, ServiceType } from '../plugin/index.js';
import { ROUTE_KEY } from '../routes/index.js';
import type { XpcConnection, XpcDictionary } from '../xpc/index.js';
import { type Answer, ask, isAnswer } from './answer.js';
import { writeContainerDirectory } from './container-directory.js';
import { CheckFailure, CheckSkip } from './outcome.js';

/** How long checks wait; all in milliseconds. */
export interface VerifyBounds {
  /** For a start. */
  readonly timeout: number;
  /** For an answer that must come. */
  readonly answerTimeout: number;
  /** From SIGTERM to the end: what launchd waits before it kills. */
  readonly exitTimeout: number;
  readonly signal?: AbortSignal;
}

/** A kind of job: its service types, and how it is started. */
export interface SubjectPlan {
  readonly kind: RegistrationKind;
  readonly instance?: string;
  readonly types: readonly ServiceType[];
}

/** A route that no plugin has. */
export const NO_ROUTE = 'com.launchport.verify/no-such-route';

/** For answers that need not come. */
const QUIET_MS = 2_000;
/** For the first answer of a job, which nobody is to leave before. */
const FIRST_ANSWER_MS = 5_000;
/** For the news of an end, after a request was dropped. */
const NEWS_MS = 10_000;

/** A message that a service has answered, and may be asked again without harm. */
export interface Probe {
  readonly type: ServiceType;
  readonly message: XpcDictionary;
}

/** One job under checks. */
export class Subject {
  readonly plugin: Plugin;
  readonly bench: BundleBench;
  readonly plan: SubjectPlan;
  readonly bounds: VerifyBounds;
  /** Why it did not check in; undefined when it did. */
  failure: string | undefined;
  /** Everything that was answered with an error, by what was asked. */
  readonly errors: { readonly asked: string; readonly reply: XpcDictionary }[] = [];
  /** How it ended when it was told to; set by the check for that. */
  end: JobStatus | undefined;
  #job: BundleJob | undefined;
  readonly #asked = new Map<string, Promise<Answer>>();

  constructor(plugin: Plugin, bench: BundleBench, plan: SubjectPlan, bounds: VerifyBounds) {
    this.plugin = plugin;
    this.bench = bench;
    this.plan = plan;
    this.bounds = bounds;
  }

  /** The job that most checks share. */
  get job(): BundleJob {
    if (this.#job === undefined) throw new CheckSkip('the job is not loaded');
    return this.#job;
  }

  /** Loads another job of the same kind; the shared one must be unloaded. */
  async load(plugin: Plugin, options: BundleJobOptions = {}): Promise<BundleJob> {
    const { kind, instance } = this.plan;
    const job = await this.bench.load(plugin, {
      ...options,
      kind,
      ...(instance === undefined ? {} : { instance }),
    });
    if (kind === 'container' && instance !== undefined)
      await writeContainerDirectory(job.plan.stateRoot, instance);
    return job;
  }

  /** Loads the shared job and has its first message start it. What goes wrong is in `failure`. */
  async start(): Promise<JobStatus | undefined> {
    try {
      this.#job = await this.load(this.plugin);
      return await this.demand(this.#job);
    } catch (error) {
      this.failure = await explain(error, this.#job);
      return undefined;
    }
  }

  /** Has a job started by a message, and waits until it has checked in. @throws as `BundleJob.checkedIn` */
  async demand(job: BundleJob): Promise<JobStatus> {
    const { timeout, signal } = this.bounds;
    const { state, runs } = await job.status();
    // One that launchd starts when it loads it runs already: then that run is meant.
    const runsBefore = state === 'running' ? runs - 1 : runs;
    const connections = [...job.services.keys()].map((type) => job.connect(type));
    // Whether this is answered is another check's matter; but nobody leaves before it could be.
    const asked = connections.map((connection) =>
      connection.request({}, { timeout: timeout + FIRST_ANSWER_MS }),
    );
    const answered = Promise.allSettled(asked);
    if (connections.length === 0) await job.start({ timeout });
    try {
      const status = await job.checkedIn({ timeout, runsBefore, ...(signal && { signal }) });
      await Promise.race([answered, delay(FIRST_ANSWER_MS, signal)]);
      return status;
    } finally {
      for (const connection of connections) connection.cancel();
    }
  }

  /** Ends the shared job's process, if there is one, without asking. */
  async kill(): Promise<void> {
    await this.#job?.kill('SIGKILL').catch(() => {});
  }

  /** Unloads the shared job. */
  async stop(): Promise<void> {
    await this.#job?.unload();
    this.#job = undefined;
  }

  /** Asks a service of the shared job over a connection of its own; the same `what` is asked once only. */
  ask(type: ServiceType, what: string, message: XpcDictionary): Promise<Answer> {
    const key = `${type}: ${what}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const answer = this.#ask(type, what, message);
    this.#asked.set(key, answer);
    return answer;
  }

  async #ask(type: ServiceType, what: string, message: XpcDictionary): Promise<Answer> {
    const connection = this.job.connect(type);
    try {
      return await this.askOn(connection, what, message);
    } finally {
      connection.cancel();
    }
  }

  /** Asks over a given connection. */
  async askOn(
    connection: XpcConnection,
    what: string,
    message: XpcDictionary,
    timeout = this.bounds.answerTimeout,
  ): Promise<Answer> {
    const { signal } = this.bounds;
    const answer = await ask(connection, message, { timeout, ...(signal && { signal }) });
    if (answer.kind === 'error') this.errors.push({ asked: what, reply: answer.reply });
    return answer;
  }

  /** As {@link askOn}, for what need not be answered. */
  askQuietly(connection: XpcConnection, what: string, message: XpcDictionary): Promise<Answer> {
    return this.askOn(connection, what, message, Math.min(QUIET_MS, this.bounds.answerTimeout));
  }

  /** Something that a service of this type answers. @throws CheckSkip */
  async probe(type: ServiceType): Promise<Probe> {
    const candidates: readonly (readonly [string, XpcDictionary])[] = [
      ...(type === 'network'
        ? [['status', { [ROUTE_KEY]: 'com.apple.container.network/status' }] as const]
        : []),
      ['a message without a route', {}],
      ['an unknown route', { [ROUTE_KEY]: NO_ROUTE }],
    ];
    for (const [what, message] of candidates) {
      if (isAnswer(await this.ask(type, what, message))) return { type, message };
    }
    throw new CheckSkip(`its ${type} service answered nothing it was asked`);
  }

  /** Whether the process is the one that was there before. One that dropped a request may be about to end. */
  async isStill(before: JobStatus, answers: readonly Answer[]): Promise<boolean> {
    const { pid } = before;
    if (pid === undefined) return false;
    if (answers.some(({ kind }) => kind === 'dropped')) {
      await this.job.exited(pid, { timeout: NEWS_MS }).catch(() => {});
    }
    const now = await this.job.status();
    return now.runs === before.runs && now.pid === pid;
  }

  /** As {@link isStill}. @throws CheckFailure */
  async expectAlive(
    before: JobStatus,
    answers: readonly Answer[],
    after: string,
    advice: string,
  ): Promise<void> {
    if (await this.isStill(before, answers)) return;
    throw new CheckFailure(await explain(new Error(`the process ended after ${after}`), this.job), advice);
  }

  /** A status with a process; starts one when there is none. */
  async running(): Promise<JobStatus> {
    const status = await this.job.status();
    return status.state === 'running' ? status : this.demand(this.job);
  }
}

/** What went wrong, with the last lines that the job wrote. */
export async function explain(error: unknown, job: BundleJob | undefined): Promise<string> {
  const text = errorText(error);
  const stderr = (await job?.output())?.stderr.trim().split('\n').slice(-3).join(' | ') ?? '';
  return stderr === '' ? text : `${text}; it wrote: ${printable(stderr).slice(0, 500)}`;
}
