/** Sees to it that a loaded job runs, under any control: asks once, then looks until it is seen. */
import type { LaunchportError } from '../base/index.js';
import type { ControlOptions, JobStatus, LaunchControl, ServiceTarget } from './control.js';
import { type ClockOption, controlBudget } from './control-call.js';
import { jobFailure } from './meaning.js';

const FIRST_POLL_MS = 50;
const LAST_POLL_MS = 500;

/**
 * Resolves to the status of the job once it has a process. launchd may hold a start back for as long as it likes,
 * on battery or while a login is being restored; one kickstart is given, as demand, and never a second.
 * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED; ERR_LAUNCHD_SPAWN when the program cannot be started;
 * ERR_LAUNCHD_BUSY, meaning `pended`, when launchd holds the start back; ERR_TIMEOUT when it was not seen running
 */
export async function ensureRunning(
  control: LaunchControl,
  target: ServiceTarget,
  options: ControlOptions & ClockOption = {},
): Promise<JobStatus> {
  const budget = controlBudget(`starting ${target}`, options, options.clock);
  const before = await control.print(target, budget.rest());
  if (before === undefined) throw notLoaded(target, 'is not loaded', 'Load it first.');
  if (before.state === 'running') return before;
  await control.kickstart(target, budget.rest());
  let status: JobStatus | undefined = before;
  for (let pause = FIRST_POLL_MS; budget.remaining > 0; pause = Math.min(pause * 2, LAST_POLL_MS)) {
    status = await control.print(target, budget.rest());
    if (status === undefined) throw notLoaded(target, 'was unloaded', 'Load it again.');
    if (status.state === 'running') return status;
    if (status.lastExit?.kind === 'spawn failed' && status.runs > before.runs)
      throw spawnFailed(target, status);
    if (!(await budget.pause(pause))) break;
  }
  throw notSeen(target, status, `was not seen running in time; its state is "${status.state}"`);
}

/** The error for a job that did not come to be as wanted; says so when launchd itself holds it back. */
export function notSeen(target: ServiceTarget, status: JobStatus | undefined, what: string): LaunchportError {
  const details = { target, ...(status === undefined ? {} : { status }) };
  if (status?.pendedSpawn === undefined) {
    const hint = 'Read its log; it may end as soon as it starts.';
    return jobFailure('ERR_TIMEOUT', 'timeout', `${target} ${what}`, hint, details);
  }
  const text = `${target} is held back by launchd (${status.pendedSpawn})`;
  const hint = 'Low Power Mode and a login in progress do this; a message to one of its services starts it.';
  return jobFailure('ERR_LAUNCHD_BUSY', 'pended', text, hint, details);
}

function notLoaded(target: ServiceTarget, what: string, hint: string): LaunchportError {
  return jobFailure('ERR_LAUNCHD_NOT_LOADED', 'notFound', `${target} ${what}`, hint, { target });
}

function spawnFailed(target: ServiceTarget, status: JobStatus): LaunchportError {
  const reason = status.lastExit?.kind === 'spawn failed' ? status.lastExit.reason : '';
  const text = `${target} could not be started: ${reason}`;
  const hint = 'Check its program, paths and code signature.';
  return jobFailure('ERR_LAUNCHD_SPAWN', 'spawnFailed', text, hint, { target, status });
}
