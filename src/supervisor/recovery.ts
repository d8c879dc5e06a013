/** Recovery: what a supervisor in daemon mode leaves for the next one, and how that one goes on with it. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, type Logger } from '../base/index.js';
import { buildJobPlist, type JobDefinition, parseJobPlist, type ServiceTarget } from '../launchd/index.js';
import type { Handle, SpawnedProcess, SupervisorPort } from '../native/index.js';
import type { Clock } from './clock.js';
import type { JobRecord } from './job-history.js';
import type { JobJournal } from './job-host.js';
import { JobStore, type StoredJob } from './job-store.js';
import type { JobTable } from './job-table.js';
import { Keeper, type KeptSocket } from './keeper.js';
import type { ServiceRegistry, SocketKeeper } from './service-registry.js';
import type { JobTransition } from './transition.js';

/** What recovery works with. */
export interface RecoveryOptions {
  readonly port: SupervisorPort;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that the keeper waits for the next supervisor; default one hour. */
  readonly unattendedMs?: number;
}

const SIGKILL = 9;

/** The journal and the keeper of one supervisor. The lock of the directory must be held. */
export class Recovery implements SocketKeeper, JobJournal {
  readonly #options: RecoveryOptions;
  readonly #store: JobStore;
  readonly #keeper: Keeper;
  /** Sockets of an earlier supervisor that nobody has claimed. */
  readonly #kept: Map<string, KeptSocket>;

  /** Reads the journal, and connects to the keeper or starts one. */
  constructor(directory: string, options: RecoveryOptions) {
    this.#options = options;
    this.#store = new JobStore(journalPath(directory), options.logger);
    this.#keeper = new Keeper(directory, options);
    this.#kept = new Map(this.#keeper.attach());
  }

  /**
   * Puts the jobs of the journal back to work: with their processes where pid, start time and boot are the same.
   * Then closes the sockets that belong to no job. Returns the paths of the others.
   */
  restore(jobs: JobTable, registry: ServiceRegistry): ReadonlySet<string> {
    const { logger } = this.#options;
    for (const stored of this.#store.jobs) {
      const process = this.#adopt(stored);
      try {
        const { definition } = parseJobPlist(stored.definition, stored.path);
        const hasLost = stored.process !== undefined && process === undefined;
        // A process without its sockets would serve nobody, and its name nobody else.
        if (process !== undefined && !this.#hasAll(definition))
          this.#options.port.signal(process.process, 15, false);
        const record: JobRecord = hasLost
          ? { ...stored.record, lastExit: { kind: 'unknown' } }
          : stored.record;
        if (hasLost) this.#store.state(stored.target, record);
        jobs.restore({ target: stored.target, path: stored.path, definition }, record, { process, hasLost });
        logger.info(`job ${stored.target} is back`, { pid: process?.pid, hasLost });
      } catch (error) {
        logger.error(`job ${stored.target} could not be restored: ${errorText(error)}`, { error });
        if (process !== undefined) this.#options.port.signal(process.process, SIGKILL, true);
        this.#store.unload(stored.target);
      }
    }
    for (const name of [...this.#kept.keys()]) this.#giveUp(name);
    return new Set(registry.places());
  }

  /** A job did something, and this is its state after it. */
  noted(transition: JobTransition, record: JobRecord | undefined): void {
    const { kind, target } = transition;
    if (kind === 'removed') this.#store.unload(target);
    else if ((kind === 'exited' || kind === 'spawn failed') && record !== undefined)
      this.#store.state(target, record);
  }

  /** True when it was the keeper that ended. */
  exited(process: Handle): boolean {
    return this.#keeper.exited(process);
  }

  load(target: ServiceTarget, path: string, definition: JobDefinition): void {
    try {
      this.#store.load(target, path, buildJobPlist(definition));
    } catch (error) {
      this.#options.logger.error(`job ${target} will not be recovered: ${errorText(error)}`, { error });
    }
  }

  forked(target: ServiceTarget, record: JobRecord, pid: number): void {
    const identity = this.#options.port.processIdentity(pid);
    if (identity !== undefined) this.#store.state(target, record, { pid, identity });
    else this.#options.logger.error(`job ${target}: its process cannot be recovered: no /proc/${pid}/stat`);
  }

  has(name: string): boolean {
    return this.#kept.has(name);
  }

  claim(
    name: string,
    paths: readonly string[],
  ): { readonly descriptor: number; readonly path: string } | undefined {
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    const path = paths.find((each) => inodeOf(each) === kept.tag);
    this.#kept.delete(name);
    if (path !== undefined) return { descriptor: kept.descriptor, path };
    this.#options.logger.warn(`the socket of ${name} is at no path any more and is replaced`);
    this.#options.port.closeDescriptor(kept.descriptor);
    return undefined;
  }

  store(name: string, descriptor: number, path: string): void {
    this.#keeper.store(name, { descriptor, tag: inodeOf(path) });
  }

  remove(name: string): void {
    this.#keeper.remove(name);
  }

  /** The end in good order: nothing is left for anybody. */
  async end(): Promise<void> {
    for (const name of [...this.#kept.keys()]) this.#giveUp(name);
    await this.#keeper.end();
    this.#store.discard();
  }

  /** Leaves keeper and journal to the next supervisor. Harmless after {@link Recovery.end}. */
  letGo(): void {
    this.#keeper.close();
    this.#store.close();
  }

  #adopt({ target, process }: StoredJob): SpawnedProcess | undefined {
    if (process === undefined) return undefined;
    try {
      return this.#options.port.adopt(process.pid, process.identity);
    } catch (error) {
      this.#options.logger.error(`job ${target}: its process cannot be adopted: ${errorText(error)}`, {
        error,
      });
      return undefined;
    }
  }

  #hasAll(definition: JobDefinition): boolean {
    const services = Object.entries(definition.MachServices ?? {}).filter(([, value]) => value !== false);
    return services.every(([name]) => this.#kept.has(name));
  }

  #giveUp(name: string): void {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    this.#keeper.remove(name);
    if (kept !== undefined) this.#options.port.closeDescriptor(kept.descriptor);
  }
}

/**
 * Recovery for a supervisor that asks for it. For another, whose jobs end with it: ends the keeper and kills the
 * processes that a killed daemon left in this directory, which would keep their names from everybody.
 */
export function openRecovery(
  directory: string,
  recover: boolean | { readonly unattendedMs?: number },
  options: Omit<RecoveryOptions, 'unattendedMs'>,
): Recovery | undefined {
  if (recover !== false) return new Recovery(directory, { ...options, ...(recover === true ? {} : recover) });
  endLeftovers(directory, options);
  return undefined;
}

function endLeftovers(directory: string, options: RecoveryOptions): void {
  Keeper.endOther(directory, options);
  const path = journalPath(directory);
  if (inodeOf(path) === 0) return;
  const store = new JobStore(path, options.logger);
  for (const { target, process } of store.jobs) {
    const found = process === undefined ? undefined : options.port.adopt(process.pid, process.identity);
    if (found === undefined) continue;
    options.logger.warn(`job ${target} of a supervisor that died is ended`, { pid: found.pid });
    options.port.signal(found.process, SIGKILL, true);
  }
  store.discard();
}

function journalPath(directory: string): string {
  return join(directory, 'jobs.journal');
}

/** 0 when nothing is there. Numbers beyond 2^53 are cut, which leaves them as good as unique. */
function inodeOf(path: string): number {
  const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return status === undefined ? 0 : Number(BigInt.asUintN(53, status.ino));
}
