/** The loops that every transport is driven by. Each reply is checked: what is not carried cannot be fast. */
import { LaunchportError } from '../base/index.js';
import { summarize } from './quantiles.js';
import type { Task, TaskResult } from './task.js';
import type { EchoClient, EchoMessage } from './transport.js';

/** Most samples of one measurement: 8 bytes each, made before it begins. */
const MAX_SAMPLES = 400_000;
/** Fewest round trips of one measurement, however long they take. */
const MIN_ROUND_TRIPS = 3;
/** Messages between two looks at the clock with many in flight; the clock costs a tenth of a message. */
const CLOCK_INTERVAL = 32;

const MICROSECONDS = 1000;

/** Bytes that tell their place. */
export function makePayload(byteLength: number): Uint8Array {
  const payload = new Uint8Array(byteLength);
  // By words: byte by byte the largest would take longer than the measurement.
  const words = new Uint32Array(payload.buffer, 0, byteLength >>> 2);
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + 1, 0x9e37_79b1);
  return payload;
}

/** @throws LaunchportError ERR_INTERNAL when a reply is not what was sent */
export function checkEcho(reply: EchoMessage, id: number, payload: Uint8Array): void {
  const { payload: echoed } = reply;
  const last = payload.byteLength - 1;
  const middle = last >>> 1;
  if (
    reply.id === id &&
    reply.flag === true &&
    echoed.byteLength === payload.byteLength &&
    echoed[0] === payload[0] &&
    echoed[middle] === payload[middle] &&
    echoed[last] === payload[last]
  ) {
    return;
  }
  throw new LaunchportError('ERR_INTERNAL', `request ${id} of ${payload.byteLength} bytes was not echoed`);
}

function message(id: number, payload: Uint8Array): EchoMessage {
  return { route: 'echo', id, payload, name: 'launchport', flag: true };
}

/** One round trip, checked. */
export async function roundTrip(client: EchoClient, id: number, payload: Uint8Array): Promise<void> {
  checkEcho(await client.echo(message(id, payload)), id, payload);
}

/** One at a time, each measured; a sample ends where the next begins. */
export async function measureLatency(client: EchoClient, task: Task): Promise<TaskResult> {
  const payload = makePayload(task.payload);
  const samples = new Float64Array(MAX_SAMPLES);
  const run = async (duration: number): Promise<number> => {
    let before = performance.now();
    const end = before + duration;
    let count = 0;
    while ((before < end || count < MIN_ROUND_TRIPS) && count < MAX_SAMPLES) {
      // Not by `roundTrip`: another async function is a third of what the loop costs.
      checkEcho(await client.echo(message(count, payload)), count, payload);
      const now = performance.now();
      samples[count++] = (now - before) * MICROSECONDS;
      before = now;
    }
    return count;
  };
  await run(task.warmUp);
  const latency = summarize(samples.subarray(0, await run(task.duration)));
  return { value: latency.p50, latency };
}

/** One at a time, measured together: megabytes of payload per second that went there and back. */
export async function measureEcho(client: EchoClient, task: Task): Promise<TaskResult> {
  const payload = makePayload(task.payload);
  const run = async (duration: number, fewest: number): Promise<number> => {
    const start = performance.now();
    let now = start;
    let count = 0;
    while (now - start < duration || count < fewest) {
      await roundTrip(client, count++, payload);
      now = performance.now();
    }
    return (task.payload * count) / (now - start) / 1000;
  };
  await run(task.warmUp, 1);
  return { value: await run(task.duration, MIN_ROUND_TRIPS) };
}

/** Always `task.inFlight` on their way, evenly over the clients: messages per second. */
export async function measureInFlight(clients: readonly EchoClient[], task: Task): Promise<TaskResult> {
  const payload = makePayload(task.payload);
  const [first] = clients;
  let count = 0;
  let isOver = false;
  let start = performance.now();
  let end = start + task.warmUp;
  let isWarm = false;
  let rate = Number.NaN;
  let counters = first?.counters?.();
  let wakeUpsPerMessage: number | undefined;
  const look = () => {
    const now = performance.now();
    if (now < end) return;
    const seen = first?.counters?.();
    if (isWarm) {
      isOver = true;
      rate = count / ((now - start) / 1000);
      if (counters !== undefined && seen !== undefined) {
        wakeUpsPerMessage = (seen.wakeUps - counters.wakeUps) / (seen.messages - counters.messages);
      }
      return;
    }
    isWarm = true;
    count = 0;
    counters = seen;
    start = performance.now();
    end = start + task.duration;
  };
  const lane = async (client: EchoClient, lane: number) => {
    for (let id = lane; !isOver; id += task.inFlight) {
      checkEcho(await client.echo(message(id, payload)), id, payload);
      if (++count % CLOCK_INTERVAL === 0) look();
    }
  };
  const lanes = Array.from({ length: task.inFlight }, (_, index) =>
    lane(clients[index % clients.length] as EchoClient, index),
  );
  await Promise.all(lanes);
  return { value: rate, ...(wakeUpsPerMessage === undefined ? {} : { wakeUpsPerMessage }) };
}
