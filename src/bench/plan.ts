/** What is measured, in which order: for each workload its tasks, where its processes run, and who takes part. */
import { MAX_BODY_BYTES } from '../native/index.js';
import type { Placement } from './model.js';
import type { BenchGroup, Effort } from './options.js';
import type { Task } from './task.js';

/** Bytes of the message that is asked for most often. */
export const SMALL_PAYLOAD = 64;
const PAGE_PAYLOAD = 4096;
/** Requests on their way over one connection. */
export const IN_FLIGHT = 64;
/** Services of the job that one client talks to at once. */
const FAN_OUT = 100;
/** Each client's requests on their way. */
const FAN_IN_FLIGHT = 8;
/** As much as a message takes besides what else is in it. */
export const LARGEST_PAYLOAD = MAX_BODY_BYTES - 4096;

/** Who may take part in a workload. */
export type Contender = 'direct' | 'routes' | 'queue' | 'floor' | 'peers';

/** Tasks that a client, or several, do with a server, all in processes made for them. */
export interface Work {
  readonly group: BenchGroup;
  /** For people, while it runs. */
  readonly title: string;
  readonly placement: Placement;
  readonly tasks: readonly Task[];
  /** How a series of a task is called, by the task's place. */
  readonly workload: string;
  /** Processes of clients; all do the same. */
  readonly clients: number;
  /** Services of the server's job, taken in turn. */
  readonly services: number;
  readonly contenders: readonly Contender[];
}

/** What a plan depends on. */
export interface PlanOptions {
  readonly groups: readonly BenchGroup[];
  readonly effort: Effort;
  readonly placements: readonly Placement[];
  /** Client processes of the fan-in. */
  readonly clients: number;
  /** Connections at once. */
  readonly connections: number;
  /** Whether there is a way without a dispatch queue, to compare it with. */
  readonly hasDirect: boolean;
}

/** Milliseconds. */
interface Times {
  readonly warmUp: number;
  readonly duration: number;
}

/** Compiled code comes late where much of it is: some peers take more than a second until their rate stops rising. */
const TIMES: Readonly<Record<Effort, { readonly small: Times; readonly large: Times }>> = {
  full: { small: { warmUp: 1500, duration: 1000 }, large: { warmUp: 100, duration: 400 } },
  quick: { small: { warmUp: 100, duration: 200 }, large: { warmUp: 20, duration: 50 } },
};

/** The plan of one round. */
export function makePlan(options: PlanOptions): readonly Work[] {
  const { groups, effort, placements, clients, connections, hasDirect } = options;
  const { small, large } = TIMES[effort];
  const [near] = placements as readonly [Placement];
  const task = (work: Task['work'], payload: number, more: Partial<Task> = {}): Task => ({
    work,
    payload,
    inFlight: 1,
    connections: 1,
    ...(payload > PAGE_PAYLOAD ? large : small),
    ...more,
  });
  const pair = { placement: near, clients: 1, services: 1 };
  const all: readonly Contender[] = ['direct', 'routes', 'floor', 'peers'];
  const flight = (payload: number) => task('in flight', payload, { inFlight: IN_FLIGHT });
  const queue: readonly Contender[] = hasDirect ? ['queue'] : [];
  const own: readonly Contender[] = ['direct'];
  const works: readonly Work[] = [
    ...placements.map(
      (placement): Work => ({
        ...pair,
        group: 'latency',
        title: `latency, ${placement}`,
        workload: 'latency',
        placement,
        tasks: [task('latency', SMALL_PAYLOAD)],
        contenders: all,
      }),
    ),
    ...[SMALL_PAYLOAD, PAGE_PAYLOAD].map(
      (payload): Work => ({
        ...pair,
        group: 'throughput',
        title: `${IN_FLIGHT} in flight, ${sizeText(payload)}`,
        workload: 'in flight',
        tasks: [flight(payload)],
        contenders: all,
      }),
    ),
    {
      ...pair,
      group: 'payload',
      title: 'echo of growing payloads',
      workload: 'echo',
      tasks: payloads(effort).map((payload) => task('echo', payload, large)),
      contenders: ['direct', 'floor', 'peers'],
    },
    {
      ...pair,
      group: 'fan-in',
      title: `fan-in of ${clients} clients`,
      workload: `fan-in ${clients}`,
      placement: 'unpinned',
      tasks: [task('in flight', SMALL_PAYLOAD, { inFlight: FAN_IN_FLIGHT })],
      clients,
      contenders: ['direct', 'peers'],
    },
    {
      ...pair,
      group: 'fan-out',
      title: `fan-out to ${FAN_OUT} services`,
      workload: `fan-out ${FAN_OUT}`,
      tasks: [task('in flight', SMALL_PAYLOAD, { inFlight: FAN_OUT, connections: FAN_OUT })],
      services: FAN_OUT,
      contenders: ['direct', 'floor'],
    },
    {
      ...pair,
      group: 'connections',
      title: `${connections} connections with a request each`,
      workload: 'connections',
      tasks: [task('in flight', SMALL_PAYLOAD, { inFlight: connections, connections })],
      contenders: ['direct', 'floor'],
    },
    // To compare them with; the throughput group has it too.
    ...(groups.includes('throughput')
      ? []
      : [
          {
            ...pair,
            group: 'connections',
            title: `${IN_FLIGHT} in flight, ${sizeText(SMALL_PAYLOAD)}`,
            workload: 'in flight',
            tasks: [flight(SMALL_PAYLOAD)],
            contenders: ['direct', 'floor'],
          } satisfies Work,
        ]),
    {
      ...pair,
      group: 'connections',
      title: 'making connections',
      workload: 'connect',
      tasks: [task('connect', SMALL_PAYLOAD, { connections })],
      contenders: ['direct', 'floor'],
    },
    {
      ...pair,
      group: 'connections',
      title: 'memory of idle connections',
      workload: 'idle connection',
      tasks: [task('idle', SMALL_PAYLOAD, { connections })],
      contenders: own,
    },
    ...(groups.includes('latency')
      ? []
      : [
          {
            ...pair,
            group: 'dispatch-queue',
            title: `latency, ${near}`,
            workload: 'latency',
            tasks: [task('latency', SMALL_PAYLOAD)],
            contenders: hasDirect ? own : [],
          } satisfies Work,
        ]),
    {
      ...pair,
      group: 'dispatch-queue',
      title: `latency, ${near}`,
      workload: 'latency',
      tasks: [task('latency', SMALL_PAYLOAD)],
      contenders: queue,
    },
    {
      ...pair,
      group: 'dispatch-queue',
      title: `${IN_FLIGHT} in flight, ${sizeText(SMALL_PAYLOAD)}`,
      workload: 'in flight',
      tasks: [flight(SMALL_PAYLOAD)],
      contenders: queue,
    },
  ];
  return works.filter(({ group, contenders }) => groups.includes(group) && contenders.length > 0);
}

/** Bytes as people say them: powers of two in full units. The largest payload, a little below 64 MiB, counts as that. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB'];
  const unit = Math.min(Math.floor(Math.log2(bytes * 1.001) / 10), units.length - 1);
  return `${Math.round(bytes / 1024 ** unit)} ${units[unit]}`;
}

/** From 64 B on, each four times as long as the one before. */
function payloads(effort: Effort): readonly number[] {
  const sizes = Array.from({ length: 11 }, (_, index) =>
    Math.min(SMALL_PAYLOAD * 4 ** index, LARGEST_PAYLOAD),
  );
  return effort === 'full'
    ? sizes
    : sizes.filter((size) => [64, 4096, 65536, 2 ** 20, 2 ** 24].includes(size));
}
