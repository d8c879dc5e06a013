/** The floor as one who takes part: what it can do of each workload, and how often. */

import type { Outcome, Participant } from './contender.js';
import { FLOOR } from './contender-names.js';
import type { Floor, FloorWork } from './floor/floor.js';
import type { Pinning } from './pinning.js';
import type { Work } from './plan.js';
import type { Task, TaskResult } from './task.js';

/** Round trips of a full measurement, about a second where waking is slow. */
const ROUND_TRIPS = 20_000;
/** Messages of one with many in flight. */
const MESSAGES = 200_000;
/** Bytes of an echo measurement, and the fewest times it goes round. */
const ECHO_BYTES = 256 * 1024 * 1024;
const FEWEST_ECHOES = 4;

/** Measures by the C program. */
export class FloorParticipant implements Participant {
  readonly name = FLOOR;
  readonly #floor: Floor;
  readonly #pinning: Pinning;
  /** Of what a full measurement takes. */
  readonly #share: number;

  constructor(floor: Floor, pinning: Pinning, share: number) {
    this.#floor = floor;
    this.#pinning = pinning;
    this.#share = share;
  }

  tasks({ tasks, clients }: Work): readonly Task[] {
    return clients > 1 ? [] : tasks.filter(({ work }) => work !== 'idle');
  }

  async measure(work: Work, signal: AbortSignal): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const task of this.tasks(work)) {
      outcomes.push({ task, result: await this.#result(work, task, signal) });
    }
    return outcomes;
  }

  async #result(work: Work, task: Task, signal: AbortSignal): Promise<TaskResult> {
    const cores = this.#pinning.cores(work.placement);
    const { value, latency, connectionsPerSecond } = await this.#floor.measure(
      { ...floorWork(task, this.#share), ...(cores === undefined ? {} : { cores }) },
      signal,
    );
    if (task.work === 'connect') return { value: connectionsPerSecond ?? Number.NaN };
    return { value, ...(latency === undefined ? {} : { latency }) };
  }
}

/** A task in the floor's words. */
export function floorWork(task: Task, share: number): FloorWork {
  const { work, payload, connections, inFlight } = task;
  const count = (full: number) => Math.max(FEWEST_ECHOES, Math.round(full * share));
  switch (work) {
    case 'latency':
      return { workload: 'latency', payload, count: count(ROUND_TRIPS) };
    case 'in flight':
      return connections > 1
        ? { workload: 'connections', payload, connections, count: count(MESSAGES) }
        : { workload: 'in flight', payload, inFlight, count: count(MESSAGES) };
    case 'echo':
      return {
        workload: 'echo',
        payload,
        count: count(Math.min(ROUND_TRIPS, ECHO_BYTES / payload)),
        warmUp: FEWEST_ECHOES,
      };
    default:
      return { workload: 'connections', payload, connections, count: connections };
  }
}
