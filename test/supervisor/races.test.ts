/** Orders, clients and ends in any order: never two processes of a job, and nothing left at the end. */
import { describe, expect, it } from 'vitest';
import type { MockProcess } from '../../src/native/mock/index.js';
import { Bench, DOMAIN, echo, LABEL, PROGRAM, SERVICE } from './bench.js';

const RACES = 200;
const STEPS = 25;

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function race(seed: number): Promise<void> {
  await using bench = await Bench.start();
  const random = randomOf(seed);
  const service = { ResetAtClose: random(2) === 0, HideUntilCheckIn: random(3) === 0 };
  const changes = {
    MachServices: { [SERVICE]: service },
    ThrottleInterval: random(3),
    KeepAlive: random(3) === 0 ? { SuccessfulExit: false } : false,
    ...(random(3) === 0 ? { StartInterval: 2 } : {}),
    ExitTimeOut: 1,
  } as const;
  bench.runs((job: MockProcess) => {
    const fate = random(5);
    if (fate === 0) return job.exit(random(2));
    if (fate === 1) job.signals = () => {};
    echo(job);
  });
  const path = await bench.plist(changes);
  const target = await bench.supervisor.bootstrap(DOMAIN, path);
  const before = bench.world.openDescriptors();
  const calls: Promise<unknown>[] = [];
  const steps: (() => unknown)[] = [
    () => bench.supervisor.bootstrap(DOMAIN, path),
    () => bench.supervisor.bootout(target),
    () => bench.supervisor.kickstart(target),
    () => bench.supervisor.kickstart(target, { kill: true }),
    () => bench.supervisor.kill(target, random(2) === 0 ? 'SIGKILL' : 'SIGTERM'),
    () => bench.connect().request({ n: 1 }, { timeout: 50 }),
    () => bench.started.at(-1)?.exit(random(2)),
    () => bench.clock.advance(random(1_500)),
    () => bench.world.settled(),
  ];
  for (let step = 0; step < STEPS; step += 1) {
    const outcome = steps[random(steps.length)]?.();
    if (outcome instanceof Promise) calls.push(outcome.catch(() => {}));
    if (random(2) === 0) await bench.world.settled();
    const alive = bench.started.filter(({ pid }) => bench.world.alive().includes(pid));
    expect(alive.length, `seed ${seed}: processes of ${LABEL}`).toBeLessThanOrEqual(1);
  }
  // The end: whatever is still under way comes to its own.
  const gone = bench.supervisor.bootout(target).catch(() => {});
  for (let round = 0; round < 4; round += 1) await bench.advance(2_000);
  await gone;
  await Promise.all(calls);
  // A load that waited for the bootout may have come after it.
  const late = bench.supervisor.bootout(target).catch(() => {});
  for (let round = 0; round < 4; round += 1) await bench.advance(2_000);
  await late;
  await bench.endClients();
  expect(await bench.supervisor.list(), `seed ${seed}: jobs`).toEqual([]);
  expect(bench.clock.pending, `seed ${seed}: timers`).toBe(0);
  const alive = bench.started.filter(({ pid }) => bench.world.alive().includes(pid));
  expect(alive, `seed ${seed}: processes of ${PROGRAM}`).toEqual([]);
  // The job's one socket, and nothing besides.
  expect(bench.world.openDescriptors(), `seed ${seed}: descriptors`).toBe(before - 1);
}

describe('races', () => {
  it(`leave one process at most, and nothing at the end, ${RACES} times`, { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= RACES; seed += 1) await race(seed);
  });
});
