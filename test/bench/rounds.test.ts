/** Rounds: everybody in turn, and what fails once is told and left out. */
import { describe, expect, it } from 'vitest';
import type { Outcome, Participant } from '../../src/bench/contender.js';
import type { BenchProgress, Skipped } from '../../src/bench/index.js';
import { PeerParticipant } from '../../src/bench/peer-participant.js';
import { PEERS } from '../../src/bench/peers/catalog.js';
import { Pinning } from '../../src/bench/pinning.js';
import { type Contender, makePlan, type Work } from '../../src/bench/plan.js';
import { measureRounds } from '../../src/bench/rounds.js';

const plan = makePlan({
  groups: ['latency', 'throughput'],
  effort: 'quick',
  placements: ['same core'],
  clients: 2,
  connections: 10,
  hasDirect: true,
});

/** Measures the number of its call, and notes it in `calls`. */
function counting(name: string, calls: string[], fail = (_call: number, _work: Work) => false): Participant {
  let call = 0;
  return {
    name,
    tasks: ({ tasks }) => tasks,
    measure: async (work) => {
      calls.push(`${name}: ${work.title}`);
      call++;
      if (fail(call, work)) throw new Error(`call ${call} failed`);
      return work.tasks.map((task): Outcome => ({ task, result: { value: call } }));
    },
  };
}

const participants = (direct: Participant, floor: Participant) => ({
  byKind: new Map<Contender, readonly Participant[]>([
    ['direct', [direct]],
    ['floor', [floor]],
  ]),
});

function measure(
  options: Pick<Parameters<typeof measureRounds>[0], 'participants'> & { readonly rounds: number },
  signal = new AbortController().signal,
) {
  const skipped: Skipped[] = [];
  const progress: BenchProgress[] = [];
  return {
    skipped,
    progress,
    series: measureRounds({ plan, skipped, ...options }, (step) => progress.push(step), signal),
  };
}

describe('rounds', () => {
  it('measure each work by all, one right after the other, and say where they are', async () => {
    const calls: string[] = [];
    const run = measure({
      rounds: 2,
      participants: participants(counting('launchport', calls), counting('floor', calls)),
    });
    const series = await run.series;
    const titles = plan.map(({ title }) => title);
    const round = titles.flatMap((title) => [`launchport: ${title}`, `floor: ${title}`]);
    expect(calls).toEqual([...round, ...round]);
    expect(run.progress.map(({ what }) => what)).toEqual(calls);
    expect(run.progress.at(-1)).toMatchObject({ step: 11, steps: 12, round: 2, rounds: 2 });
    expect(series.map(({ transport, rounds }) => [transport, rounds])).toEqual([
      ['launchport', [1, 4]],
      ['floor', [1, 4]],
      ['launchport', [2, 5]],
      ['floor', [2, 5]],
      ['launchport', [3, 6]],
      ['floor', [3, 6]],
    ]);
    expect(run.skipped).toEqual([]);
  });

  it('go on without what has failed, and say so once', async () => {
    const calls: string[] = [];
    const fails = counting('launchport', calls, (call) => call === 2);
    const run = measure({ rounds: 3, participants: participants(fails, counting('floor', [])) });
    const series = await run.series;
    expect(run.skipped).toEqual([
      { name: `launchport: ${plan[1]?.title}`, reason: 'call 2 failed', isFailure: true },
    ]);
    expect(calls.length).toBe(7);
    expect(series.filter(({ transport }) => transport === 'launchport').length).toBe(2);
  });

  it('end when they are aborted, and blame nobody', async () => {
    const controller = new AbortController();
    const stops = counting('launchport', [], () => {
      controller.abort(new Error('enough'));
      return true;
    });
    const run = measure(
      { rounds: 1, participants: participants(stops, counting('floor', [])) },
      controller.signal,
    );
    await expect(run.series).rejects.toThrow('enough');
    expect(run.skipped).toEqual([]);
  });
});

describe('a peer', () => {
  const arena = { pinning: new Pinning(''), environment: {} };
  const peer = (name: string) => {
    const info = PEERS.find((each) => each.name === name);
    if (info === undefined) throw new Error(`no peer ${name}`);
    return new PeerParticipant(info, arena, { folder: '', directory: '' });
  };
  const works = (group: Work['group']) =>
    makePlan({
      groups: [group],
      effort: 'full',
      placements: ['unpinned'],
      clients: 2,
      connections: 10,
      hasDirect: true,
    }) as readonly [Work];

  it('is not asked for payloads that it does not take', () => {
    const [echo] = works('payload');
    expect(peer('net + JSON').tasks(echo)).toEqual(echo.tasks);
    expect(
      peer('D-Bus')
        .tasks(echo)
        .map(({ payload }) => payload)
        .at(-1),
    ).toBe(2 ** 20);
  });

  it('has only one client when its server is started by that', () => {
    const [fanIn] = works('fan-in');
    expect(peer('fork (json)').tasks(fanIn)).toEqual([]);
    expect(peer('net + JSON').tasks(fanIn)).toEqual(fanIn.tasks);
  });
});
