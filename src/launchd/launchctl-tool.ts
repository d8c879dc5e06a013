/** Single runs of `/bin/launchctl`, and the question every decision rests on: what is loaded now? */
import { type Budget, isLaunchportError } from '../base/index.js';
import type { CommandResult, CommandRunner } from './command-runner.js';
import type { DomainTarget, JobStatus, ServiceTarget } from './control.js';
import { spentError } from './control-call.js';
import { parseServiceTarget } from './domain.js';
import { NUMBERS } from './error-numbers.js';
import { failureNumber, type LaunchctlCall, launchctlFailure, unknownOutcome } from './failure.js';
import { parsePrint } from './status.js';

const LAUNCHCTL = '/bin/launchctl';
/** Longest a single run may take, in milliseconds. A healthy launchctl answers in some 10. */
const TOOL_TIMEOUT_MS = 15_000;
/** What `print` says of a domain that does not exist or takes no jobs. */
const NO_DOMAIN: ReadonlySet<number> = new Set([
  NUMBERS.noSuchDomain,
  NUMBERS.noSuchService,
  NUMBERS.notSupportedByDomain,
]);
const FIRST_POLL_MS = 50;
const LAST_POLL_MS = 500;

/** What a look at a job showed. */
export type Probe =
  | { readonly kind: 'loaded'; readonly status: JobStatus }
  | { readonly kind: 'absent' }
  /** launchctl did not answer in time. */
  | { readonly kind: 'unknown' };

/** Runs launchctl within a budget. */
export class LaunchctlTool {
  readonly #runner: CommandRunner;

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  /**
   * Runs a command once. One that changes something gets half the time that is left, so that its effect can still
   * be looked at when it does not answer; `exitStatus` is then undefined.
   * @throws LaunchportError ERR_ABORTED, ERR_UNSUPPORTED without launchctl, ERR_TIMEOUT without any time left
   */
  async run(
    call: LaunchctlCall,
    budget: Budget,
    kind: 'reads' | 'changes' = 'changes',
  ): Promise<CommandResult> {
    budget.assertLive(`launchctl ${call.arguments[0]}`);
    const { remaining, signal } = budget;
    if (remaining === 0) throw spentError(`launchctl ${call.arguments[0]}`, { ...call });
    const timeout = Math.min(TOOL_TIMEOUT_MS, kind === 'changes' ? remaining / 2 : remaining);
    return this.#runner(LAUNCHCTL, call.arguments, signal === undefined ? { timeout } : { timeout, signal });
  }

  /**
   * Runs a command that only reads, and returns what it wrote.
   * @throws LaunchportError as {@link run}; by its number when it failed; ERR_LAUNCHD_UNKNOWN_OUTCOME without an answer
   */
  async read(call: LaunchctlCall, budget: Budget): Promise<string> {
    const result = await this.run(call, budget, 'reads');
    if (result.exitStatus === 0) return result.stdout;
    if (result.exitStatus === undefined) throw unknownOutcome(call, 'nothing is known', result);
    throw launchctlFailure(call, result);
  }

  /**
   * The job's state, or undefined when it is not loaded.
   * @throws LaunchportError as {@link read}
   */
  async print(target: ServiceTarget, budget: Budget): Promise<JobStatus | undefined> {
    const call: LaunchctlCall = { arguments: ['print', target], ...parseServiceTarget(target) };
    const result = await this.run(call, budget, 'reads');
    if (result.exitStatus === 0) return parsePrint(result.stdout, target);
    if (result.exitStatus === undefined) throw unknownOutcome(call, 'the state is not known', result);
    const number = failureNumber(result);
    if (number === NUMBERS.noSuchService || number === NUMBERS.noSuchProcess) return undefined;
    throw launchctlFailure(call, result);
  }

  /**
   * Looks at a job. No answer, or no time for one, is an answer too.
   * @throws LaunchportError by its number when print failed; ERR_ABORTED, ERR_UNSUPPORTED
   */
  async probe(target: ServiceTarget, budget: Budget): Promise<Probe> {
    try {
      const status = await this.print(target, budget);
      return status === undefined ? { kind: 'absent' } : { kind: 'loaded', status };
    } catch (error) {
      if (isLaunchportError(error, 'ERR_LAUNCHD_UNKNOWN_OUTCOME', 'ERR_TIMEOUT')) return { kind: 'unknown' };
      throw error;
    }
  }

  /**
   * Whether launchd shows a domain. No answer, or one that says something else, leaves that open: true.
   * @throws LaunchportError as {@link run}
   */
  async hasDomain(domain: DomainTarget, budget: Budget): Promise<boolean> {
    const result = await this.run({ arguments: ['print', domain], domain }, budget, 'reads');
    const number = result.exitStatus === undefined ? undefined : failureNumber(result);
    return number === undefined || !NO_DOMAIN.has(number);
  }

  /**
   * Looks at a job until what is seen satisfies `isEnough` or the budget is spent; returns the last look that told
   * anything, for the very last one may be cut short.
   */
  async probeUntil(
    target: ServiceTarget,
    budget: Budget,
    isEnough: (probe: Probe) => boolean,
  ): Promise<Probe> {
    let last: Probe = { kind: 'unknown' };
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 2, LAST_POLL_MS)) {
      const probe = await this.probe(target, budget);
      if (probe.kind !== 'unknown') last = probe;
      if (isEnough(probe) || !(await budget.pause(pause)) || budget.remaining === 0) return last;
    }
  }
}

/** Loaded, and not on its way out. */
export function isSettled(probe: Probe): boolean {
  return probe.kind === 'loaded' && probe.status.state !== 'exiting';
}

/** On its way out: told to end, and its label not yet free. */
export function isExiting(probe: Probe): boolean {
  return probe.kind === 'loaded' && probe.status.state === 'exiting';
}
