/** Operations on the same jobs that overlap in every way, two hundred times each: they all end, and leave order. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import {
  buildJobPlist,
  ensureRunning,
  ensureStopped,
  LaunchctlControl,
  replace,
  type ServiceTarget,
} from '../../src/launchd/index.js';
import { random, SimulatedLaunchd } from './simulated-launchd.js';

const ROUNDS = 200;
const LABELS = ['com.example.one', 'com.example.two', 'com.example.three'];
const VERBS = ['bootstrap', 'bootout', 'kickstart', 'restart', 'replace', 'stop', 'run'] as const;
/** How an operation may fail because of another: every one says so with a code of its own. */
const ALLOWED = [
  'ERR_LAUNCHD_ALREADY_LOADED',
  'ERR_LAUNCHD_NOT_LOADED',
  'ERR_LAUNCHD_BUSY',
  'ERR_LAUNCHD_UNKNOWN_OUTCOME',
  'ERR_TIMEOUT',
] as const;

const directory = mkdtempSync(join(tmpdir(), 'lp-'));
afterAll(() => rmSync(directory, { recursive: true }));
const PLISTS = new Map(
  LABELS.map((label, index) => {
    const path = join(directory, `${label}.plist`);
    const definition = { Label: label, ProgramArguments: ['/bin/echo'], RunAtLoad: index === 1 };
    writeFileSync(path, buildJobPlist(definition), { mode: 0o600 });
    return [label, path];
  }),
);

interface Race {
  readonly labels: readonly string[];
  /** Controls that know nothing of each other, as in several processes. */
  readonly controls: number;
  readonly mayHang: boolean;
}

/** Runs eight operations at once; resolves when all is quiet. */
async function race(seed: number, { labels, controls, mayHang }: Race) {
  const pick = random(seed * 7919);
  const launchd = new SimulatedLaunchd(seed, { mayHang });
  const { runner, clock } = launchd;
  const all = Array.from(
    { length: controls },
    () =>
      new LaunchctlControl({
        runner,
        clock,
        uid: process.getuid?.() ?? 0,
        uptime: () => 86_400,
        environment: {},
      }),
  );
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(pick() * list.length)] as T;
  const operation = async (): Promise<string> => {
    const [verb, label, control] = [oneOf(VERBS), oneOf(labels), oneOf(all)];
    const target: ServiceTarget = `gui/501/${label}`;
    const path = PLISTS.get(label) as string;
    await clock.delay(pick() * 500);
    const before = launchd.processes(target);
    const start = launchd.events.length;
    try {
      switch (verb) {
        case 'bootstrap':
          await control.bootstrap('gui/501', path);
          expect(launchd.events.slice(start)).toContain(`load ${target}`);
          break;
        case 'bootout':
          await control.bootout(target);
          // One that gave no answer may have found the job gone already.
          if (!mayHang) expect(launchd.events.slice(start)).toContain(`remove ${target}`);
          break;
        case 'kickstart':
          await control.kickstart(target);
          break;
        case 'restart': {
          const pid = await control.kickstart(target, { kill: true });
          if (pid !== undefined) expect(launchd.events.slice(start)).toContain(`start ${target} ${pid}`);
          break;
        }
        case 'replace': {
          const { status } = await replace(control, 'gui/501', path, { clock });
          expect(launchd.events.slice(start)).toContain(`load ${target}`);
          if (status.pid !== undefined) expect(before).not.toContain(String(status.pid));
          break;
        }
        case 'stop':
          await ensureStopped(control, target, { clock });
          break;
        case 'run':
          expect((await ensureRunning(control, target, { clock })).pid).toBeDefined();
          break;
      }
      return 'ok';
    } catch (error) {
      if (isLaunchportError(error, ...ALLOWED)) return error.code;
      // Where commands hang, the time may be up while a label is still reserved; and what another process loads
      // again at once looks as if it had never been unloaded.
      const isVague = isLaunchportError(error, 'ERR_LAUNCHD_COMMAND');
      if (isVague && (mayHang || controls > 1)) return error.code;
      throw error;
    }
  };
  const outcomes = await launchd.settle(Promise.all(Array.from({ length: 8 }, operation)));
  await launchd.settle(clock.delay(60_000));
  return { launchd, outcomes, control: all[0] as LaunchctlControl, clock };
}

/** Whatever happened, each job is whole, and can be had and be got rid of. */
async function assertConsistent(
  seed: number,
  raced: Awaited<ReturnType<typeof race>>,
  labels: readonly string[],
) {
  const { launchd, control, clock } = raced;
  for (const label of labels) {
    const target: ServiceTarget = `gui/501/${label}`;
    const job = launchd.jobs.get(target);
    expect(launchd.processes(target), `seed ${seed}`).toEqual(
      job?.pid === undefined ? [] : [String(job.pid)],
    );
    expect(job?.isExiting ?? false, `seed ${seed}`).toBe(false);
    const path = PLISTS.get(label) as string;
    // A quiet launchd that answers: nothing may fail now.
    const { status } = await launchd.settle(replace(control, 'gui/501', path, { clock }));
    expect(status.path, `seed ${seed}`).toBe(path);
    await launchd.settle(ensureStopped(control, target, { clock }));
    await launchd.settle(clock.delay(10_000));
    expect(launchd.jobs.has(target), `seed ${seed}`).toBe(false);
    expect(launchd.processes(target), `seed ${seed}`).toEqual([]);
  }
}

describe(`overlapping operations, ${ROUNDS} times each`, () => {
  it.each<[string, (seed: number) => readonly string[]]>([
    ['on one job', (seed) => [LABELS[seed % 4 < 2 ? 0 : 1] as string]],
    ['on several jobs', () => LABELS],
  ])('%s all end, and leave each job whole', async (_, labelsOf) => {
    let successes = 0;
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const labels = labelsOf(seed);
      const controls = seed % 2 === 0 ? 3 : 1;
      const result = await race(seed, { labels, controls, mayHang: false });
      successes += result.outcomes.filter((outcome) => outcome === 'ok').length;
      // One control gives one changing command per job at a time.
      if (controls === 1) expect(result.launchd.overlaps, `seed ${seed}`).toBe(0);
      await assertConsistent(seed, result, labels);
    }
    expect(successes).toBeGreaterThan(ROUNDS * 2);
  });

  it('launchd case 53: with commands that give no answer, no job is started or unloaded twice over', async () => {
    const labels = LABELS.slice(1, 2);
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const { launchd, outcomes } = await race(seed, { labels, controls: 1, mayHang: true });
      const target: ServiceTarget = `gui/501/${labels[0]}`;
      const job = launchd.jobs.get(target);
      expect(outcomes).toHaveLength(8);
      expect(launchd.processes(target), `seed ${seed}`).toEqual(
        job?.pid === undefined ? [] : [String(job.pid)],
      );
      expect(launchd.overlaps, `seed ${seed}`).toBe(0);
    }
  });
});
