/** The processes of a container by their ids: its first, which has the container's id, and those that were added. */
import { routeError } from '../../sdk/index.js';
import { type ContainerProcess, UNKNOWN_EXIT } from './container-process.js';
import type { ProcessExit } from './sandbox/index.js';

/** Processes that have ended and are still remembered. */
const MAX_ENDED = 1_000;
/** Processes that exist at once, beside the first. */
const MAX_PROCESSES = 1_000;

/** Processes of one container. */
export class ProcessTable {
  readonly #processes = new Map<string, ContainerProcess>();

  /** @throws LaunchportError `invalidArgument` for an id that is taken, `invalidState` when there are too many */
  assertFree(id: string): void {
    if (id === '') throw routeError('invalidArgument', 'a process needs an id');
    if (this.#processes.has(id)) throw routeError('invalidArgument', `process ${id} exists already`);
    const living = [...this.#processes.values()].filter(({ hasEnded }) => !hasEnded).length;
    if (living > MAX_PROCESSES) throw routeError('invalidState', `the container has ${living} processes`);
  }

  /** Adds one whose id is free. */
  add(process: ContainerProcess): void {
    this.#processes.set(process.id, process);
    this.#forget();
  }

  get(id: string): ContainerProcess | undefined {
    return this.#processes.get(id);
  }

  /** @throws LaunchportError of the given code */
  find(id: string, code: 'notFound' | 'invalidState'): ContainerProcess {
    const process = this.#processes.get(id);
    if (process !== undefined) return process;
    throw routeError(code, `process ${id} does not exist`);
  }

  /** Resolves when the process has ended; at once, with -1, for one that is not known. */
  async wait(id: string): Promise<ProcessExit> {
    const process = this.#processes.get(id);
    return process === undefined ? { code: UNKNOWN_EXIT, exitedAt: new Date() } : process.ended;
  }

  /** None that has not been started will be. */
  abandon(): void {
    for (const process of this.#processes.values()) process.abandon();
  }

  /** The oldest that have ended go first. */
  #forget(): void {
    const ended = [...this.#processes.values()].filter(({ hasEnded }) => hasEnded);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.#processes.delete(id);
  }
}
