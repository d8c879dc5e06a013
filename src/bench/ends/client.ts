/** A client's process: connects, says that it is ready, waits for the word, does its tasks and says what they came to. */
import { type Connect, measureConnect, measureIdle } from '../connection-loops.js';
import { awaitGo, readOrder, say } from '../end-lines.js';
import { makePayload, measureEcho, measureInFlight, measureLatency, roundTrip } from '../loops.js';
import { openTransport } from '../open-transport.js';
import type { ClientOrder, Task, TaskResult } from '../task.js';
import type { EchoClient } from '../transport.js';

/** Bytes of the request that shows a connection to be there. */
const FIRST_PAYLOAD = 64;

const order = readOrder<ClientOrder>();
const go = awaitGo(() => process.exit(1));
const transport = await openTransport(order.transport, order.folder);

let connections = 0;
const connect: Connect = () => {
  const address = order.addresses[connections++ % order.addresses.length] ?? '';
  return transport.connect(address, order.serverPrefix);
};

const clients: EchoClient[] = [];
// The first one alone: it starts the service, if nothing else has.
for (const wanted of order.tasks.map(keptConnections)) {
  while (clients.length < wanted) {
    const client = await connect();
    await roundTrip(client, clients.length, makePayload(FIRST_PAYLOAD));
    clients.push(client);
  }
}
await say({ ready: true });
await go;
const results: TaskResult[] = [];
for (const task of order.tasks) results.push(await perform(task));
await say({ results });
await Promise.all(clients.map((client) => client.close()));
process.exit(0);

/** Connections that are there before a task begins. */
function keptConnections({ work, connections: wanted }: Task): number {
  return work === 'connect' || work === 'idle' ? 1 : wanted;
}

function perform(task: Task): Promise<TaskResult> {
  const [first] = clients as [EchoClient];
  switch (task.work) {
    case 'latency':
      return measureLatency(first, task);
    case 'echo':
      return measureEcho(first, task);
    case 'in flight':
      return measureInFlight(clients.slice(0, task.connections), task);
    case 'connect':
      return measureConnect(connect, task);
    case 'idle':
      return measureIdle(connect, task);
  }
}
