/** Those who take part: each does a workload once, in fresh processes, and tells what it measured. */
import { builtModule, errorText, LaunchportError } from '../base/index.js';
import { EndProcess, reasonIn } from './end-process.js';
import type { Pinning } from './pinning.js';
import type { Work } from './plan.js';
import type { PrivateLaunchd } from './private-launchd.js';
import type { ClientOrder, EndOrder, ReadyLine, ResultLine, Task, TaskResult } from './task.js';

/** Milliseconds that an end may take to be ready, and that tasks may take more than they are given. */
export const PATIENCE_MS = 60_000;
/** Times what they are given: the largest payloads take long whatever the time is. */
const SLACK = 5;

/** A task with what it came to. */
export interface Outcome {
  readonly task: Task;
  readonly result: TaskResult;
}

/** Somebody who takes part. */
export interface Participant {
  /** As series have it. */
  readonly name: string;
  /** What it can do of a workload; none of it: it does not take part. */
  tasks(work: Work): readonly Task[];
  /** Does it once. @throws what went wrong; LaunchportError ERR_ABORTED */
  measure(work: Work, signal: AbortSignal): Promise<readonly Outcome[]>;
}

/** What participants share. */
export interface Arena {
  readonly pinning: Pinning;
  /** Of the processes; nothing of the user's that could change how Node runs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The command of a process, pinned. */
export function endCommand(
  arena: Arena,
  work: Work,
  end: 'client' | 'server',
  order: EndOrder,
): readonly string[] {
  return [
    ...arena.pinning.prefix(work.placement, end),
    process.execPath,
    '--expose-gc',
    builtModule(`bench/ends/${end}.js`),
    JSON.stringify(order),
  ];
}

/** Starts the clients of a workload, lets them go together, and adds up what they measured. */
export async function runClients(
  arena: Arena,
  work: Work,
  order: ClientOrder,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const command = endCommand(arena, work, 'client', order);
  const what = `a client of ${order.transport}`;
  const clients = Array.from(
    { length: work.clients },
    () => new EndProcess(command, { what, environment, signal }),
  );
  try {
    await Promise.all(clients.map((client) => client.next<ReadyLine>(PATIENCE_MS)));
    for (const client of clients) client.go();
    const timeout =
      PATIENCE_MS + SLACK * order.tasks.reduce((sum, { warmUp, duration }) => sum + warmUp + duration, 0);
    const lines = await Promise.all(clients.map((client) => client.next<ResultLine>(timeout)));
    await Promise.all(clients.map((client) => client.ended()));
    return order.tasks.map((task, index) => ({
      task,
      result: together(lines.map(({ results }) => results[index] as TaskResult)),
    }));
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
}

/** What went wrong at a client, with what its server has said, if anything. */
export function withServerReason(error: unknown, reason: string | undefined): unknown {
  if (reason === undefined) return error;
  return new LaunchportError('ERR_INTERNAL', `${errorText(error)}; its server: ${reason}`, { cause: error });
}

/** launchport itself: the server is a job, started by its first client. */
export class LaunchportParticipant implements Participant {
  readonly name: string;
  readonly #arena: Arena;
  readonly #launchd: PrivateLaunchd;
  readonly #environment: Readonly<Record<string, string>>;

  /** @param environment for both ends, besides the arena's */
  constructor(
    name: string,
    arena: Arena,
    launchd: PrivateLaunchd,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.name = name;
    this.#arena = arena;
    this.#launchd = launchd;
    this.#environment = { ...arena.environment, ...environment };
  }

  tasks(work: Work): readonly Task[] {
    return work.tasks;
  }

  async measure(work: Work, signal: AbortSignal): Promise<readonly Outcome[]> {
    const order = { transport: this.name, serverPrefix: [] };
    const job = await this.#launchd.load(
      {
        command: (services) => endCommand(this.#arena, work, 'server', { ...order, addresses: services }),
        services: work.services,
        environment: this.#environment,
      },
      signal,
    );
    try {
      const client = { ...order, addresses: job.services, tasks: work.tasks };
      const environment = { ...this.#environment, ...this.#launchd.environment };
      return await runClients(this.#arena, work, client, environment, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw withServerReason(error, reasonIn(await job.stderr()));
    } finally {
      await job.unload();
    }
  }
}

/** What several clients measured at once, as one. */
function together(results: readonly TaskResult[]): TaskResult {
  const [first] = results as readonly [TaskResult];
  return results.length === 1 ? first : { value: results.reduce((sum, { value }) => sum + value, 0) };
}
