/** Loads a job with `launchctl bootstrap`, and finds out what its vague refusals mean. */
import type { Budget, LaunchportError } from '../base/index.js';
import type { BootstrapJob } from './bootstrap-job.js';
import type { CommandResult } from './command-runner.js';
import { drainMilliseconds } from './control-call.js';
import { errorNumber, NUMBERS } from './error-numbers.js';
import {
  describeCall,
  failureNumber,
  type LaunchctlCall,
  launchctlFailure,
  unknownOutcome,
} from './failure.js';
import { explainInputOutput, lastWord } from './launchctl-ladder.js';
import { startPended } from './launchctl-pended.js';
import { isExiting, isSettled, type LaunchctlTool, type Probe } from './launchctl-tool.js';

/** Milliseconds in which a refusal as "in progress" shows whether the job is leaving or is there to stay. */
const SETTLE_MS = 2000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2000;
/** Milliseconds in which a refusal that nothing explains may turn out to be a passing one, at least. */
const RETRY_MS = 15_000;
/** Milliseconds in which a graphical session takes jobs after the system was started. */
const BOOT_MS = 60_000;

const { inputOutput, exists, inProgress, alreadyInProgress, badResponse, unexpected } = NUMBERS;
const IN_PROGRESS: readonly number[] = [inProgress, alreadyInProgress];
const RETRY_ONCE: readonly number[] = [badResponse, unexpected];
const ASK_AGAIN: readonly number[] = [inputOutput, exists, ...RETRY_ONCE, ...IN_PROGRESS];

/**
 * Loads the job, and starts it when it is to run at once but launchd holds the start back. A label that is still being
 * given up by a job on its way out is waited for within the budget.
 * @throws LaunchportError by the number launchctl gave; ERR_LAUNCHD_UNKNOWN_OUTCOME
 */
export async function bootstrapJob(tool: LaunchctlTool, job: BootstrapJob, budget: Budget): Promise<void> {
  await load(tool, job, budget);
  await startPended(tool, job, budget);
}

async function load(tool: LaunchctlTool, job: BootstrapJob, budget: Budget): Promise<void> {
  const call: LaunchctlCall = {
    arguments: ['bootstrap', job.domain, job.plistPath],
    domain: job.domain,
    label: job.definition.Label,
  };
  const before = await lookBefore(tool, job, call, budget);
  const booting = budget.within(BOOT_MS);
  let retrying: Budget | undefined;
  let pause = FIRST_RETRY_MS;
  for (let tries = 1; ; tries++) {
    const result = await tool.run(call, budget);
    if (result.exitStatus === 0) return;
    if (result.exitStatus === undefined) return confirm(tool, job, call, before, result, budget);
    const number = failureNumber(result) as number;
    let window = booting;
    let isLeaving = false;
    if (!isTooEarly(job, number)) {
      if (!ASK_AGAIN.includes(number)) throw launchctlFailure(call, result);
      if (RETRY_ONCE.includes(number) && tries > 1) throw launchctlFailure(call, result);
      isLeaving = (await explain(tool, job, call, result, number, budget)) === 'left' || isExiting(before);
      // Nobody says how long a label stays reserved: as long as its job may take to end.
      retrying ??= budget.within(Math.max(RETRY_MS, drainMilliseconds(job.definition.ExitTimeOut)));
      window = isLeaving || IN_PROGRESS.includes(number) ? budget : retrying;
    }
    if (window.remaining === 0 || !(await budget.pause(Math.min(pause, window.remaining)))) {
      throw await lastWord(tool, job, call, result, isLeaving, budget);
    }
    if (budget.remaining === 0) throw await lastWord(tool, job, call, result, isLeaving, budget);
    pause = Math.min(pause * 2, LAST_RETRY_MS);
  }
}

/** A domain that does not take jobs yet is no reason to give up before the first try. */
async function lookBefore(
  tool: LaunchctlTool,
  job: BootstrapJob,
  call: LaunchctlCall,
  budget: Budget,
): Promise<Probe> {
  try {
    return await tool.probe(job.target, budget);
  } catch (error) {
    const number = (error as Partial<LaunchportError>).details?.number;
    if (typeof number !== 'number') throw error;
    if (isTooEarly(job, number)) return { kind: 'absent' };
    // Said of the command the caller asked for, not of the look before it.
    const { exitStatus, stderr = '' } = (error as LaunchportError).details as Partial<CommandResult>;
    throw launchctlFailure(call, { exitStatus, signal: undefined, isTimedOut: false, stdout: '', stderr });
  }
}

function isTooEarly(job: BootstrapJob, number: number): boolean {
  return (
    job.isFreshBoot &&
    job.domain.startsWith('gui/') &&
    (number === NUMBERS.notSupportedByDomain || number === NUMBERS.noSuchDomain)
  );
}

/**
 * What a refusal meant: throws when it is final, returns when another try makes sense, either because the job that
 * held the label `left` while we watched, or because the label was `free` all the time.
 */
async function explain(
  tool: LaunchctlTool,
  job: BootstrapJob,
  call: LaunchctlCall,
  result: CommandResult,
  number: number,
  budget: Budget,
): Promise<'left' | 'free'> {
  let probe = await tool.probe(job.target, budget);
  if (probe.kind === 'unknown') throw launchctlFailure(call, result);
  if (IN_PROGRESS.includes(number) && isSettled(probe)) {
    probe = await tool.probeUntil(
      job.target,
      budget.within(SETTLE_MS),
      (now) => now.kind === 'absent' || isExiting(now),
    );
    if (probe.kind === 'absent') return 'left';
  }
  if (isExiting(probe)) {
    const gone = await tool.probeUntil(job.target, budget, (now) => now.kind === 'absent');
    if (gone.kind === 'absent') return 'left';
    throw launchctlFailure(call, result, errorNumber(inProgress));
  }
  if (probe.kind === 'loaded') throw alreadyLoaded(call, result, probe, job);
  if (number === inputOutput) await explainInputOutput(tool, job, call, result, budget);
  return 'free';
}

/** After a command that gave no answer: success only if the job was not there before and is now. */
async function confirm(
  tool: LaunchctlTool,
  job: BootstrapJob,
  call: LaunchctlCall,
  before: Probe,
  result: CommandResult,
  budget: Budget,
): Promise<void> {
  const now = await tool.probeUntil(job.target, budget.within(SETTLE_MS), isSettled);
  if ((before.kind === 'absent' || isExiting(before)) && isSettled(now)) return;
  const seen =
    now.kind === 'absent'
      ? 'the job is not loaded now'
      : now.kind === 'unknown'
        ? 'its state is not known'
        : 'a job of this label is loaded, perhaps an older one';
  throw unknownOutcome(call, seen, result);
}

function alreadyLoaded(
  call: LaunchctlCall,
  result: CommandResult,
  probe: Probe & { readonly kind: 'loaded' },
  job: BootstrapJob,
): LaunchportError {
  const { path } = probe.status;
  const from = path === undefined ? '' : path === job.plistPath ? ', from this plist' : `, from ${path}`;
  return launchctlFailure(call, result, {
    code: 'ERR_LAUNCHD_ALREADY_LOADED',
    meaning: 'alreadyLoaded',
    text: `${job.target} is already loaded${from}`,
    advice: `Boot it out before you repeat ${describeCall(call)}; the job keeps its old definition until then.`,
  });
}
