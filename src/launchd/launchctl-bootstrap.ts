/** Loads a job with `launchctl bootstrap`, and finds out what its vague refusals mean. */
import type { LaunchportError } from '../base/index.js';
import type { Budget } from './budget.js';
import type { CommandResult } from './command-runner.js';
import type { DomainTarget, ServiceTarget } from './control.js';
import { errorNumber, NUMBERS } from './error-numbers.js';
import {
  describeCall,
  failureNumber,
  type LaunchctlCall,
  launchctlFailure,
  unknownOutcome,
} from './failure.js';
import { isExiting, isSettled, type LaunchctlTool, type Probe } from './launchctl-tool.js';
import { parsePrintDisabled } from './listings.js';
import type { JobDefinition } from './plist-schema.js';

/** What is to be loaded. */
export interface BootstrapJob {
  readonly domain: DomainTarget;
  readonly target: ServiceTarget;
  readonly plistPath: string;
  readonly definition: JobDefinition;
}

const SESSION_MISMATCH = 134;
/** Milliseconds in which a refusal as "in progress" shows whether the job is leaving or is there to stay. */
const SETTLE_MS = 2000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2000;
/** Tries when the refusal may be a passing one and nothing explains it. */
const MAX_TRIES = 3;

const { inputOutput, exists, inProgress, alreadyInProgress, badResponse, unexpected } = NUMBERS;
const IN_PROGRESS: readonly number[] = [inProgress, alreadyInProgress];
const ASK_AGAIN: readonly number[] = [inputOutput, exists, badResponse, unexpected, ...IN_PROGRESS];

/**
 * Loads the job. A label that is still being given up by a job on its way out is waited for within the budget.
 * @throws LaunchportError by the number launchctl gave; ERR_LAUNCHD_UNKNOWN_OUTCOME
 */
export async function bootstrapJob(tool: LaunchctlTool, job: BootstrapJob, budget: Budget): Promise<void> {
  const call: LaunchctlCall = {
    arguments: ['bootstrap', job.domain, job.plistPath],
    domain: job.domain,
    label: job.definition.Label,
  };
  const before = await tool.probe(job.target, budget);
  let pause = FIRST_RETRY_MS;
  for (let tries = 1; ; tries++) {
    const result = await tool.run(call, budget);
    if (result.exitStatus === 0) return;
    if (result.exitStatus === undefined) return confirm(tool, job, call, before, result, budget);
    const number = failureNumber(result) as number;
    if (!ASK_AGAIN.includes(number)) throw launchctlFailure(call, result);
    const seen = await explain(tool, job, call, result, number, budget);
    const isGone = isExiting(before) || seen === 'left';
    if (!isGone && !IN_PROGRESS.includes(number) && tries >= MAX_TRIES) throw launchctlFailure(call, result);
    if (!(await budget.pause(pause)) || budget.remaining === 0) throw launchctlFailure(call, result);
    pause = Math.min(pause * 2, LAST_RETRY_MS);
  }
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

/** Number 5 hides the true cause from callers that are not root; two of them can be found out. */
async function explainInputOutput(
  tool: LaunchctlTool,
  job: BootstrapJob,
  call: LaunchctlCall,
  result: CommandResult,
  budget: Budget,
): Promise<void> {
  const answer = await tool.run(
    { arguments: ['print-disabled', job.domain], domain: job.domain },
    budget,
    'reads',
  );
  const overrides = parsePrintDisabled(answer.exitStatus === 0 ? answer.stdout : '');
  const { Label, Disabled, LimitLoadToSessionType } = job.definition;
  if (overrides.get(Label) ?? Disabled ?? false)
    throw launchctlFailure(call, result, errorNumber(NUMBERS.disabled));
  const session = job.domain.startsWith('gui/') ? 'Aqua' : job.domain === 'system' ? 'System' : 'Background';
  // An agent that names no session type is for Aqua; daemons have no default.
  const allowed = LimitLoadToSessionType ?? (session === 'System' ? session : 'Aqua');
  if (![allowed].flat().includes(session))
    throw launchctlFailure(call, result, errorNumber(SESSION_MISMATCH));
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
    meaning: `${job.target} is already loaded${from}`,
    advice: `Boot it out before you repeat ${describeCall(call)}; the job keeps its old definition until then.`,
  });
}
