/** Measurements of connections themselves: making them, and keeping them. */
import { LaunchportError } from '../base/index.js';
import { makePayload, roundTrip } from './loops.js';
import { MEMORY_ROUTE, type Task, type TaskResult } from './task.js';
import type { EchoClient } from './transport.js';

/** Connections made before it counts. */
const WARM_UP_CONNECTIONS = 50;

/** Makes a client. */
export type Connect = () => Promise<EchoClient>;

/** Connections made all at once, up to the last one's first reply, and kept until then: how many a second. */
export async function measureConnect(connect: Connect, task: Task): Promise<TaskResult> {
  const payload = makePayload(task.payload);
  const warm = await open(connect, WARM_UP_CONNECTIONS, payload);
  const start = performance.now();
  const clients = await Promise.all(
    Array.from({ length: task.connections }, async (_, id) => {
      const client = await connect();
      await roundTrip(client, id, payload);
      return client;
    }),
  );
  const elapsed = performance.now() - start;
  await closeAll([...warm, ...clients]);
  return { value: task.connections / (elapsed / 1000) };
}

/**
 * KiB of a process's own memory that an idle connection has taken, at both ends: growth of what is resident without
 * JavaScript's heap, after garbage collection, over `task.connections` that have had one reply each.
 */
export async function measureIdle(connect: Connect, task: Task): Promise<TaskResult> {
  const payload = makePayload(task.payload);
  const warm = await open(connect, WARM_UP_CONNECTIONS, payload);
  const [asked] = warm as [EchoClient];
  const before = { client: ownMemory(), server: await memoryOf(asked) };
  const clients = await open(connect, task.connections, payload);
  const after = { client: ownMemory(), server: await memoryOf(asked) };
  await closeAll([...warm, ...clients]);
  const growth = (end: 'client' | 'server') => (after[end] - before[end]) / 1024 / task.connections;
  return { value: growth('client'), server: growth('server') };
}

/** Bytes that are resident and not JavaScript's heap, after everything unused was let go. */
export function ownMemory(): number {
  // Twice: the first only finds that the wrappers of native objects are unused.
  for (let times = 0; times < 2; times++) globalThis.gc?.();
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}

async function memoryOf(client: EchoClient): Promise<number> {
  const { name } = await client.echo({
    route: MEMORY_ROUTE,
    id: 0,
    payload: new Uint8Array(4),
    name: '',
    flag: true,
  });
  const bytes = Number(name);
  if (bytes > 0) return bytes;
  throw new LaunchportError('ERR_INTERNAL', 'this server does not tell its memory');
}

async function open(connect: Connect, count: number, payload: Uint8Array): Promise<readonly EchoClient[]> {
  const clients: EchoClient[] = [];
  for (let id = 0; id < count; id++) {
    const client = await connect();
    await roundTrip(client, id, payload);
    clients.push(client);
  }
  return clients;
}

async function closeAll(clients: readonly EchoClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}
