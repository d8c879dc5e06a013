/** Sees to it that a loaded job runs, under any control: asks once, then looks until it is seen. */
import { LaunchportError } from '../base/index.js';
import { Budget, type ControlClock, systemClock } from './budget.js';
import type { ControlOptions, JobStatus, LaunchControl, ServiceTarget } from './control.js';

const FIRST_POLL_MS = 50;
const LAST_POLL_MS = 500;

/**
 * Resolves to the status of the job once it has a process. launchd may hold a start back for as long as it likes,
 * on battery or while a login is being restored; one kickstart is given, as demand, and never a second.
 * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED; ERR_LAUNCHD_SPAWN when the program cannot be started;
 * ERR_LAUNCHD_BUSY when launchd holds the start back; ERR_TIMEOUT when it was not seen running in time
 */
export async function ensureRunning(
  control: LaunchControl,
  target: ServiceTarget,
  options: ControlOptions & { readonly clock?: ControlClock } = {},
): Promise<JobStatus> {
  const budget = new Budget(options.clock ?? systemClock, options);
  const bounds = () => ({
    timeout: budget.remaining,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const before = await control.print(target, bounds());
  if (before === undefined)
    throw notRunning('ERR_LAUNCHD_NOT_LOADED', target, 'is not loaded', 'Load it first.');
  if (before.state === 'running') return before;
  await control.kickstart(target, bounds());
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 2, LAST_POLL_MS)) {
    const status = await control.print(target, bounds());
    if (status === undefined)
      throw notRunning('ERR_LAUNCHD_NOT_LOADED', target, 'was unloaded', 'Load it again.');
    if (status.state === 'running') return status;
    if (status.lastExit?.kind === 'spawn failed' && status.runs > before.runs) {
      const what = `could not be started: ${status.lastExit.reason}`;
      throw notRunning(
        'ERR_LAUNCHD_SPAWN',
        target,
        what,
        'Check its program, paths and code signature.',
        status,
      );
    }
    if ((await budget.pause(pause)) && budget.remaining > 0) continue;
    if (status.pendedSpawn !== undefined) {
      const hint =
        'Low Power Mode and a login in progress do this; a message to one of its services starts it.';
      throw notRunning(
        'ERR_LAUNCHD_BUSY',
        target,
        `is held back by launchd (${status.pendedSpawn})`,
        hint,
        status,
      );
    }
    const what = `was not seen running in time; its state is "${status.state}"`;
    throw notRunning('ERR_TIMEOUT', target, what, 'Read its log; it may end as soon as it starts.', status);
  }
}

function notRunning(
  code: 'ERR_LAUNCHD_NOT_LOADED' | 'ERR_LAUNCHD_SPAWN' | 'ERR_LAUNCHD_BUSY' | 'ERR_TIMEOUT',
  target: ServiceTarget,
  what: string,
  hint: string,
  status?: JobStatus,
): LaunchportError {
  return new LaunchportError(code, `${target} ${what}`, {
    hint,
    details: { target, ...(status === undefined ? {} : { status }) },
  });
}
