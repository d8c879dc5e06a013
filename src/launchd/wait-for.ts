/** Waits until a job is in a state, under any control, by looking at it. */
import type { ControlOptions, JobState, JobStatus, LaunchControl, ServiceTarget } from './control.js';
import { type ClockOption, controlBudget } from './control-call.js';
import { notSeen } from './ensure-running.js';

const FIRST_POLL_MS = 20;
const LAST_POLL_MS = 500;

/** What to wait for: a state, `absent` for a job that is not loaded, or a test of what `print` shows. */
export type JobCondition = JobState | 'absent' | ((status: JobStatus | undefined) => boolean);

/**
 * Resolves to the first status that satisfies the condition, undefined when the job is then not loaded. Starts and
 * loads nothing; states that pass between two looks, some 20 to 500 ms apart, are missed.
 * @throws LaunchportError ERR_TIMEOUT with the last status in `details.status`; ERR_LAUNCHD_BUSY, meaning `pended`,
 * when launchd holds the job back; ERR_ABORTED; those of `print`
 */
export async function waitFor(
  control: Pick<LaunchControl, 'print'>,
  target: ServiceTarget,
  condition: JobCondition,
  options: ControlOptions & ClockOption = {},
): Promise<JobStatus | undefined> {
  const holds = typeof condition === 'function' ? condition : isInState(condition);
  const budget = controlBudget(`waiting for ${target}`, options, options.clock);
  let status: JobStatus | undefined;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 2, LAST_POLL_MS)) {
    status = await control.print(target, budget.rest());
    if (holds(status)) return status;
    if (!(await budget.pause(pause)) || budget.remaining === 0) break;
  }
  const wanted = typeof condition === 'function' ? 'as wanted' : `"${condition}"`;
  const seen = status === undefined ? 'it is not loaded' : `its state is "${status.state}"`;
  throw notSeen(target, status, `was not seen ${wanted} in time; ${seen}`);
}

function isInState(state: JobState | 'absent'): (status: JobStatus | undefined) => boolean {
  return (status) => (status?.state ?? 'absent') === state;
}
