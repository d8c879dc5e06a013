/** The plan: all groups, bounded payloads, and sizes as people say them. */
import { describe, expect, it } from 'vitest';
import { floorWork } from '../../src/bench/floor-participant.js';
import { BENCH_GROUPS, type BenchGroup } from '../../src/bench/index.js';
import { Pinning, parseCores } from '../../src/bench/pinning.js';
import { makePlan, type PlanOptions, sizeText } from '../../src/bench/plan.js';
import { MAX_BODY_BYTES } from '../../src/native/index.js';

const plan = (more: Partial<PlanOptions> = {}) =>
  makePlan({
    groups: BENCH_GROUPS,
    effort: 'full',
    placements: ['same core', 'split cores'],
    clients: 8,
    connections: 1000,
    hasDirect: true,
    ...more,
  });

describe('a plan', () => {
  it('has something for every group but the one that is measured otherwise', () => {
    const groups = new Set(plan().map(({ group }) => group));
    expect([...groups].sort()).toEqual(BENCH_GROUPS.filter((group) => group !== 'startup').sort());
  });

  it.each<readonly [BenchGroup]>([['connections'], ['dispatch-queue']])(
    'of %s alone measures what it is compared with, too',
    (group) => {
      const works = plan({ groups: [group] });
      expect(new Set(works.map((work) => work.group))).toEqual(new Set([group]));
      const compared = works.filter(({ contenders }) => contenders.includes('direct'));
      expect(compared.length).toBeGreaterThan(0);
      expect(plan().filter((work) => work.group === group).length).toBeLessThan(works.length);
    },
  );

  it('sends payloads from 64 bytes to just below the longest message, each four times the one before', () => {
    const tasks = plan({ groups: ['payload'] }).flatMap((work) => work.tasks);
    expect(tasks.map(({ payload }) => sizeText(payload))).toEqual(
      '64 B,256 B,1 KiB,4 KiB,16 KiB,64 KiB,256 KiB,1 MiB,4 MiB,16 MiB,64 MiB'.split(','),
    );
    expect(tasks.at(-1)?.payload).toBeLessThan(MAX_BODY_BYTES);
  });

  it('without pinning has one placement, and without a direct way nothing to compare a queue with', () => {
    const works = plan({ placements: ['unpinned'], hasDirect: false });
    expect(new Set(works.map(({ placement }) => placement))).toEqual(new Set(['unpinned']));
    expect(works.some(({ group }) => group === 'dispatch-queue')).toBe(false);
  });

  it('gives the floor the same work', () => {
    const [first] = plan({ groups: ['connections'] }).flatMap((work) => work.tasks);
    if (first === undefined) throw new Error('no task');
    expect(floorWork(first, 1)).toEqual({
      workload: 'connections',
      payload: 64,
      connections: 1000,
      count: 200_000,
    });
    expect(floorWork({ ...first, work: 'echo', payload: 2 ** 26 }, 0.1)).toMatchObject({
      workload: 'echo',
      count: 4,
    });
  });
});

describe('pinning', () => {
  it('puts both ends to one core, or each to its own', () => {
    const pinning = new Pinning('/bin/taskset', 3, 1);
    expect(pinning.placements).toEqual(['same core', 'split cores']);
    expect(pinning.prefix('same core', 'server')).toEqual(['/bin/taskset', '-c', '3']);
    expect(pinning.prefix('split cores', 'server')).toEqual(['/bin/taskset', '-c', '1']);
    expect(pinning.prefix('split cores', 'client')).toEqual(['/bin/taskset', '-c', '3']);
    expect(pinning.prefix('unpinned', 'client')).toEqual([]);
    expect(pinning.cores('split cores')).toEqual([3, 1]);
  });

  it('has one placement with one core, and another without any', () => {
    expect(new Pinning('/bin/taskset', 0).placements).toEqual(['same core']);
    expect(new Pinning('').placements).toEqual(['unpinned']);
    expect(new Pinning('').cores('same core')).toBeUndefined();
  });

  it("reads the kernel's lists of cores, the highest first", () => {
    expect(parseCores('0-2,5\n')).toEqual([5, 2, 1, 0]);
    expect(parseCores('3')).toEqual([3]);
    expect(parseCores('')).toEqual([]);
  });
});
