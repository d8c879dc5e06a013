/** Starts a job with `launchctl kickstart`, ending a running instance first if asked. */
import type { Budget } from '../base/index.js';
import type { ServiceTarget } from './control.js';
import { parseServiceTarget } from './domain.js';
import { NUMBERS } from './error-numbers.js';
import { failureNumber, type LaunchctlCall, launchctlFailure, unknownOutcome } from './failure.js';
import type { LaunchctlTool, Probe } from './launchctl-tool.js';

/** Milliseconds in which a start that was asked for without an answer may show. */
const SETTLE_MS = 2000;
const RETRY_MS = 500;
/** Tries while the job is just starting or stopping. */
const MAX_TRIES = 4;

/**
 * Starts the job. Without `kill`, one that is starting or running already is success.
 * @returns its pid, if known
 * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, ERR_LAUNCHD_UNKNOWN_OUTCOME, or by the number launchctl gave
 */
export async function kickstartJob(
  tool: LaunchctlTool,
  target: ServiceTarget,
  kill: boolean,
  budget: Budget,
): Promise<number | undefined> {
  const call: LaunchctlCall = {
    arguments: ['kickstart', ...(kill ? ['-k'] : []), '-p', target],
    ...parseServiceTarget(target),
  };
  // Only the pid tells a new instance from the old one, should launchctl give no answer.
  const oldPid = kill ? pidOf(await tool.probe(target, budget)) : undefined;
  for (let tries = 1; ; tries++) {
    const result = await tool.run(call, budget);
    if (result.exitStatus === 0)
      return parseKickstartPid(result.stdout) ?? pidOf(await tool.probe(target, budget));
    if (result.exitStatus === undefined) {
      const isNew = (probe: Probe) => pidOf(probe) !== undefined && pidOf(probe) !== oldPid;
      const now = await tool.probeUntil(target, budget.within(SETTLE_MS), isNew);
      if (isNew(now)) return pidOf(now);
      throw unknownOutcome(
        call,
        now.kind === 'absent' ? 'the job is not loaded' : 'no new process was seen',
        result,
      );
    }
    const number = failureNumber(result);
    if (number === NUMBERS.alreadyInProgress && !kill) return pidOf(await tool.probe(target, budget));
    const isPassing = number === NUMBERS.alreadyInProgress || number === NUMBERS.inProgress;
    if (!isPassing || tries >= MAX_TRIES || !(await budget.pause(RETRY_MS)) || budget.remaining === 0) {
      throw launchctlFailure(call, result);
    }
  }
}

/** The pid that `kickstart -p` printed: a bare number, or on a terminal a sentence that ends with it. */
export function parseKickstartPid(stdout: string): number | undefined {
  const digits = /^(?:.*: )?([1-9][0-9]{0,8})$/.exec(stdout.trim())?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The pid of a running instance; a job on its way out has none that counts. */
function pidOf(probe: Probe): number | undefined {
  return probe.kind === 'loaded' && probe.status.state !== 'exiting' ? probe.status.pid : undefined;
}
