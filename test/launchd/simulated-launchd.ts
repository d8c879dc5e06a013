/**
 * A launchd that behaves: jobs drain after bootout, labels stay reserved for a while, refusals are vague, commands take
 * time or give no answer. Seeded; its time is virtual and moves when everybody waits for it.
 */

import { readFileSync } from 'node:fs';
import type { BudgetClock } from '../../src/base/index.js';
import type { JobStatus, ServiceTarget } from '../../src/launchd/index.js';
import {
  type CommandResult,
  type CommandRunner,
  parseJobPlist,
  renderPrint,
} from '../../src/launchd/index.js';

/** Numbers from 0 to 1, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface SimulatedJob {
  readonly target: ServiceTarget;
  readonly path: string;
  pid: number | undefined;
  isExiting: boolean;
  runs: number;
}

type Answer = readonly [exitStatus: number, text?: string];

export class SimulatedLaunchd {
  readonly jobs = new Map<ServiceTarget, SimulatedJob>();
  /** `load gui/501/a`, `start … 101`, `end … 101`, `remove …`, in order. */
  readonly events: string[] = [];
  /** Changing commands of one label that were under way at the same time. */
  overlaps = 0;
  /** Commands that change something. */
  changes = 0;
  readonly clock: BudgetClock;
  readonly #random: () => number;
  readonly #mayHang: boolean;
  readonly #timers: { readonly at: number; readonly fire: () => void }[] = [];
  /** Labels that are free to see and not yet to use, with the time until which. */
  readonly #reserved = new Map<ServiceTarget, number>();
  readonly #busy = new Map<string, number>();
  #time = 0;
  #nextPid = 100;

  constructor(seed: number, options: { readonly mayHang?: boolean } = {}) {
    this.#random = random(seed);
    this.#mayHang = options.mayHang ?? false;
    this.clock = { now: () => this.#time, delay: (ms) => this.#sleep(ms) };
  }

  /** Moves time until the work has settled. Files are waited for in real time, with virtual time standing still. */
  async settle<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const done = () => {
      isSettled = true;
    };
    work.then(done, done);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isSettled) return work;
      if (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (!isSettled && !process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq')))
        this.#advance();
    }
  }

  readonly runner: CommandRunner = async (_file, args, { timeout }): Promise<CommandResult> => {
    const [verb = ''] = args;
    const isChange = ['bootstrap', 'bootout', 'kickstart'].includes(verb);
    const subject = String(args.at(-1));
    const busy = this.#busy.get(subject) ?? 0;
    if (isChange) {
      this.changes++;
      if (busy > 0) this.overlaps++;
      this.#busy.set(subject, busy + 1);
    }
    try {
      const hangs = this.#mayHang && isChange && this.#random() < 0.1;
      if (hangs && this.#random() < 0.5) return await this.#noAnswer(timeout);
      await this.#sleep(this.#random() * 60);
      const [exitStatus, text = ''] = this.#execute(verb, args);
      if (hangs) return await this.#noAnswer(timeout);
      await this.#sleep(this.#random() * 20);
      const isFailure = exitStatus !== 0;
      return {
        exitStatus,
        signal: undefined,
        isTimedOut: false,
        stdout: isFailure ? '' : text,
        stderr: isFailure ? `${text}\n` : '',
      };
    } finally {
      if (isChange) this.#busy.set(subject, (this.#busy.get(subject) ?? 1) - 1);
    }
  };

  /** Processes that live, by target; more than one of a target is a fault of the simulation's user. */
  processes(target: ServiceTarget): readonly string[] {
    const alive = new Set<string>();
    for (const event of this.events) {
      const [what, whose, pid = ''] = event.split(' ');
      if (whose !== target) continue;
      if (what === 'start') alive.add(pid);
      if (what === 'end') alive.delete(pid);
    }
    return [...alive];
  }

  #execute(verb: string, args: readonly string[]): Answer {
    const target = args.at(-1) as ServiceTarget;
    switch (verb) {
      case 'managername':
        return [0, 'Aqua\n'];
      case 'print-disabled':
        return [0, 'disabled services = {\n}\n'];
      case 'print':
        return this.#print(target);
      case 'bootstrap':
        return this.#bootstrap(args[1] as string, args[2] as string);
      case 'bootout':
        return this.#bootout(target);
      case 'kickstart':
        return this.#kickstart(target, args.includes('-k'));
      default:
        return [64, 'usage'];
    }
  }

  #print(target: ServiceTarget): Answer {
    const job = this.jobs.get(target);
    if (job === undefined) return [113, 'Could not find service'];
    const { pid, isExiting, runs, path } = job;
    const status: JobStatus = {
      target,
      label: target.slice(target.lastIndexOf('/') + 1),
      state: isExiting ? 'exiting' : pid === undefined ? 'not running' : 'running',
      ...(pid === undefined ? {} : { pid }),
      runs,
      path,
      exitTimeout: 5,
      arguments: [],
      endpoints: [],
    };
    return [0, renderPrint(status)];
  }

  #bootstrap(domain: string, path: string): Answer {
    const { definition } = parseJobPlist(readFileSync(path));
    const target = `${domain}/${definition.Label}` as ServiceTarget;
    const job = this.jobs.get(target);
    if (job?.isExiting || (this.#reserved.get(target) ?? 0) > this.#time) return this.#fail([5, 36, 37]);
    if (job !== undefined) return this.#fail([5, 17, 37]);
    const loaded: SimulatedJob = { target, path, pid: undefined, isExiting: false, runs: 0 };
    this.jobs.set(target, loaded);
    this.events.push(`load ${target}`);
    // A start at load may be held back for ever.
    if (definition.RunAtLoad === true && this.#random() < 0.5) this.#start(loaded);
    return [0];
  }

  #bootout(target: ServiceTarget): Answer {
    const job = this.jobs.get(target);
    if (job === undefined)
      return this.#random() < 0.5 ? [3, 'No such process'] : [113, 'Could not find service'];
    if (job.isExiting) return this.#fail([36, 37]);
    job.isExiting = true;
    const drain = job.pid === undefined ? 5 : 50 + this.#random() * 4000;
    void this.#sleep(drain).then(() => {
      this.#end(job);
      this.jobs.delete(target);
      this.events.push(`remove ${target}`);
      if (this.#random() < 0.5) this.#reserved.set(target, this.#time + this.#random() * 3000);
    });
    return this.#random() < 0.8 ? [0] : this.#fail([36, 5]);
  }

  #kickstart(target: ServiceTarget, kills: boolean): Answer {
    const job = this.jobs.get(target);
    if (job === undefined) return [113, 'Could not find service'];
    if (job.isExiting) return this.#fail([37]);
    if (job.pid !== undefined && !kills) return this.#random() < 0.5 ? this.#fail([37]) : [0, `${job.pid}\n`];
    this.#end(job);
    this.#start(job);
    return [0, `${job.pid}\n`];
  }

  #start(job: SimulatedJob): void {
    job.pid = this.#nextPid++;
    job.runs++;
    this.events.push(`start ${job.target} ${job.pid}`);
  }

  #end(job: SimulatedJob): void {
    if (job.pid !== undefined) this.events.push(`end ${job.target} ${job.pid}`);
    job.pid = undefined;
  }

  #fail(numbers: readonly number[]): Answer {
    const number = numbers[Math.floor(this.#random() * numbers.length)] as number;
    return [number, `failed: ${number}: x`];
  }

  async #noAnswer(timeout: number): Promise<CommandResult> {
    await this.#sleep(timeout);
    return { exitStatus: undefined, signal: 'SIGKILL', isTimedOut: true, stdout: '', stderr: '' };
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.push({ at: this.#time + ms, fire: resolve });
    });
  }

  #advance(): void {
    const next = this.#timers.reduce((first, each) => (each.at < first.at ? each : first), {
      at: Infinity,
      fire: () => {},
    });
    if (next.at === Infinity) return;
    this.#timers.splice(this.#timers.indexOf(next), 1);
    this.#time = Math.max(this.#time, next.at);
    next.fire();
  }
}
