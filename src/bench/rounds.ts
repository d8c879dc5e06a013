/** Measures a plan round by round; within a round every workload by all participants, one right after the other. */
import type { Participant } from './contender.js';
import type { Series, Skipped } from './model.js';
import type { ProgressListener } from './options.js';
import { type Participants, reasonOf } from './participants.js';
import type { Work } from './plan.js';
import { SeriesCollector } from './series.js';

/** What to measure, and by whom. */
export interface RoundsOptions {
  readonly plan: readonly Work[];
  readonly rounds: number;
  readonly participants: Pick<Participants, 'byKind'>;
  /** Gets what fails. */
  readonly skipped: Skipped[];
}

interface Step {
  readonly work: Work;
  readonly participant: Participant;
}

/** The series. What fails once is not tried again. @throws ERR_ABORTED */
export async function measureRounds(
  { plan, rounds, participants, skipped }: RoundsOptions,
  progress: ProgressListener,
  signal: AbortSignal,
): Promise<readonly Series[]> {
  const collector = new SeriesCollector();
  const failed = new Set<Step>();
  const all = stepsOf(plan, participants);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, step] of all.entries()) {
      if (failed.has(step)) continue;
      const { work, participant } = step;
      const done = (round - 1) * all.length + index;
      progress({
        what: `${participant.name}: ${work.title}`,
        step: done,
        steps: rounds * all.length,
        round,
        rounds,
      });
      try {
        for (const outcome of await participant.measure(work, signal)) {
          collector.add(participant.name, work, outcome);
        }
      } catch (error) {
        signal.throwIfAborted();
        failed.add(step);
        skipped.push({
          name: `${participant.name}: ${work.title}`,
          reason: reasonOf(error),
          isFailure: true,
        });
      }
    }
  }
  return collector.series();
}

function stepsOf(plan: readonly Work[], { byKind }: Pick<Participants, 'byKind'>): readonly Step[] {
  return plan.flatMap((work) =>
    work.contenders
      .flatMap((kind) => byKind.get(kind) ?? [])
      .filter((participant) => participant.tasks(work).length > 0)
      .map((participant): Step => ({ work, participant })),
  );
}
