/**
 * What is counted: requests and replies between two ports of this process, over a real socket, through the public API.
 * One thread does all of it in a fixed order, so that every run executes the same instructions.
 *
 *   node --expose-gc test/budget/workload.mjs counted   prints what each phase did
 *   node test/budget/workload.mjs faults                prints page faults per large message
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getHeapSpaceStatistics } from 'node:v8';
import { bootstrapPath, loadBinding } from '../../dist/native/index.js';
import { defineRoute, RouteClient, RouteServer, x } from '../../dist/routes/index.js';
import { XpcTransport } from '../../dist/xpc/index.js';

const KIB = 1024;

/** Until V8 has compiled what it will compile, and buffers have the size that they keep. */
const WARM_UP_ROUNDS = 4;
/**
 * Counted rounds: the cheapest one of each phase counts, so that what happens once in a while does not, such as memory that
 * is given back after a second without use: with two rounds it met a phase in both now and then.
 */
const ROUNDS = 4;

const SHAPE = {
  id: x.int64().asNumber(),
  payload: x.data(),
  name: x.string(),
  flag: x.bool(),
};
const echo = defineRoute('echo', { request: SHAPE, reply: SHAPE });

/** `warmUp` and `messages` are requests in a round. */
const PHASES = [
  { name: '64 B, one at a time', payload: 64, warmUp: 2000, messages: 500 },
  { name: '64 B, 64 in flight', payload: 64, inFlight: 64, warmUp: 4096, messages: 1024 },
  { name: '4 KiB, 64 in flight', payload: 4 * KIB, inFlight: 64, warmUp: 2048, messages: 512 },
  { name: '64 KiB, one at a time', payload: 64 * KIB, warmUp: 64, messages: 32 },
  { name: '1 MiB, one at a time', payload: 1024 * KIB, warmUp: 16, messages: 8 },
  {
    name: 'typed route, 64 B, 64 in flight',
    payload: 64,
    inFlight: 64,
    isRoute: true,
    warmUp: 3072,
    messages: 1024,
  },
];

/** Its collections and what they free differ from run to run, so page faults need many messages. */
const FAULT_MESSAGES = 256;

/** A service and its client. */
class Ends {
  #directory = mkdtempSync(join(tmpdir(), 'lp-'));
  #supervisor;
  #server;
  #client;
  #connection;
  #routes;

  constructor() {
    const binding = loadBinding();
    this.#supervisor = binding.openSupervisor({ demand() {}, exit() {} });
    this.#server = new XpcTransport(binding);
    this.#client = new XpcTransport(binding);
    const connect = { bootstrap: this.#directory };
    this.#listen('budget.plain', () => ({ request: (message) => message }), {});
    this.#connection = this.#client.connect('budget.plain', connect);
    const server = new RouteServer({ transport: this.#server }).handle(echo, (request) => request);
    this.#listen('budget.routes', server.accept, server.listenOptions);
    this.#routes = RouteClient.connect(this.#client, 'budget.routes', { connect });
  }

  #listen(service, accept, options) {
    const descriptor = this.#supervisor.createListener(bootstrapPath(this.#directory, service), 16);
    this.#server.listen(service, accept, { ...options, descriptor });
    this.#supervisor.closeDescriptor(descriptor);
  }

  async run({ payload, inFlight = 1, isRoute = false }, messages) {
    const bytes = new Uint8Array(payload).fill(3);
    const values = { payload: bytes, name: 'budget', flag: true };
    let left = messages;
    const send = isRoute
      ? () => this.#routes.call(echo, { id: left, ...values })
      : () => this.#connection.request({ route: 'echo', id: left, ...values });
    const worker = async () => {
      while (left > 0) {
        left--;
        const reply = await send();
        if (reply.payload.length !== payload) throw new Error(`${reply.payload.length} bytes came back`);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  }

  /** Entries of the event loop to deliver what came, at both ends. */
  get wakeUps() {
    return this.#server.statistics().wakeUps + this.#client.statistics().wakeUps;
  }

  async close() {
    await this.#client.close();
    await this.#server.close();
    this.#supervisor.close();
    rmSync(this.#directory, { recursive: true });
  }
}

/** Where callgrind begins to count anew, see marks.c: reading it calls getppid(2), which nothing else does. */
const mark = () => process.ppid;

/** Room for all that a phase makes, so that nothing is collected while it is counted. */
const emptyHeap = () => globalThis.gc({ type: 'minor' });

const heapUsed = () =>
  getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_used_size;

async function countedPhase(ends, phase) {
  const { name, messages } = phase;
  const wakeUps = ends.wakeUps;
  const before = heapUsed();
  mark();
  await ends.run(phase, messages);
  mark();
  return { name, messages, heapBytes: heapUsed() - before, wakeUps: ends.wakeUps - wakeUps };
}

async function counted(ends) {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const phase of PHASES) await ends.run(phase, phase.warmUp);
  }
  const phases = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const phase of PHASES) {
      // Warm once more: the phase before may have left the heap, or a buffer, in another state.
      emptyHeap();
      await ends.run(phase, phase.inFlight ?? 1);
      phases.push(await countedPhase(ends, phase));
    }
  }
  return phases;
}

async function faults(ends) {
  const phase = PHASES.find(({ payload }) => payload === 1024 * KIB);
  await ends.run(phase, FAULT_MESSAGES / 4);
  const before = process.resourceUsage().minorPageFault;
  await ends.run(phase, FAULT_MESSAGES);
  return { name: phase.name, faults: (process.resourceUsage().minorPageFault - before) / FAULT_MESSAGES };
}

const ends = new Ends();
const result = process.argv[2] === 'faults' ? await faults(ends) : await counted(ends);
await ends.close();
console.log(JSON.stringify(result));
