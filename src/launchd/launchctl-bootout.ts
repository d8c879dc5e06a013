/** Unloads a job with `launchctl bootout`, which only asks for it, and waits until it has happened. */
import { type Budget, isLaunchportError } from '../base/index.js';
import type { ServiceTarget } from './control.js';
import { parseServiceTarget } from './domain.js';
import { errorNumber, NUMBERS } from './error-numbers.js';
import { callError, failureNumber, type LaunchctlCall, launchctlFailure, unknownOutcome } from './failure.js';
import { isExiting, type LaunchctlTool, type Probe } from './launchctl-tool.js';

/** Milliseconds in which a job that was refused to be booted out may turn out to be leaving after all. */
const SETTLE_MS = 2000;

const ACCEPTED: readonly number[] = [0, NUMBERS.inProgress, NUMBERS.alreadyInProgress];
const NOT_LOADED: readonly number[] = [NUMBERS.noSuchProcess, NUMBERS.noSuchService];

/**
 * Unloads the job and waits until launchd has forgotten it. What counts is whether it is gone, not what launchctl
 * said: its exit status is non-zero for a job that is still stopping, too.
 * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED; ERR_LAUNCHD_BUSY when the job does not end in time;
 * ERR_LAUNCHD_UNKNOWN_OUTCOME; by the number launchctl gave
 */
export async function bootoutJob(tool: LaunchctlTool, target: ServiceTarget, budget: Budget): Promise<void> {
  const call: LaunchctlCall = { arguments: ['bootout', target], ...parseServiceTarget(target) };
  const result = await tool.run(call, budget);
  const number = failureNumber(result);
  if (number !== undefined && NOT_LOADED.includes(number)) {
    if ((await look(tool, target, budget)).kind === 'absent') throw launchctlFailure(call, result);
  } else if (number !== undefined && !ACCEPTED.includes(number)) {
    if (errorNumber(number)?.code === 'ERR_LAUNCHD_NO_DOMAIN') throw launchctlFailure(call, result);
    const window = number === NUMBERS.inputOutput ? budget.within(SETTLE_MS) : budget.within(0);
    const seen = await waitGone(tool, target, window, budget);
    if (seen.kind === 'absent') return;
    // Refused or not, it is on its way out.
    if (!isExiting(seen)) throw launchctlFailure(call, result);
  }
  const last = await waitGone(tool, target, budget, budget);
  if (last.kind === 'absent') return;
  if (number === undefined || last.kind === 'unknown') {
    throw unknownOutcome(
      call,
      last.kind === 'unknown' ? 'its state is not known' : 'the job is still loaded',
      result,
    );
  }
  throw callError(
    'ERR_LAUNCHD_BUSY',
    'busy',
    call,
    `${target} was told to stop but has not ended in time`,
    'launchd kills it after its ExitTimeOut; allow that time and some seconds more, then look again.',
  );
}

/** Waits for absence in `window`, with one look at least. */
async function waitGone(
  tool: LaunchctlTool,
  target: ServiceTarget,
  window: Budget,
  budget: Budget,
): Promise<Probe> {
  if (window.remaining === 0) return look(tool, target, budget);
  try {
    return await tool.probeUntil(target, window, (probe) => probe.kind === 'absent');
  } catch (error) {
    return absentWithDomain(error);
  }
}

async function look(tool: LaunchctlTool, target: ServiceTarget, budget: Budget): Promise<Probe> {
  return tool.probe(target, budget).catch(absentWithDomain);
}

/** A domain that is gone took its jobs along. */
function absentWithDomain(error: unknown): Probe {
  if (isLaunchportError(error, 'ERR_LAUNCHD_NO_DOMAIN')) return { kind: 'absent' };
  throw error;
}
