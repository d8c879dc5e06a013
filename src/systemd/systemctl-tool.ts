/** Single runs of `systemctl --user`. */
import { type Budget, LaunchportError } from '../base/index.js';
import type { CommandResult, CommandRunner } from '../launchd/index.js';
import { type SystemctlCall, systemctlFailure, systemctlSilent } from './systemctl-failure.js';
import { parseShow, SHOWN_PROPERTIES, type UnitProperties } from './unit-status.js';

/** Longest a run that only reads may take, in milliseconds. */
const READ_TIMEOUT_MS = 15_000;

/** Whom a call is about, for its errors. */
export interface CallSubject {
  readonly domain?: string;
  readonly label?: string;
}

/** Runs systemctl within a budget. */
export class SystemctlTool {
  readonly #runner: CommandRunner;
  readonly #file: string;

  constructor(runner: CommandRunner, file: string) {
    this.#runner = runner;
    this.#file = file;
  }

  /**
   * Runs a command once; `exitStatus` is undefined when it gave no answer. One that changes something leaves a part of the
   * time, so that its effect can still be looked at.
   * @throws LaunchportError ERR_ABORTED, ERR_UNSUPPORTED without systemctl, ERR_TIMEOUT without any time left
   */
  async run(
    verb: readonly string[],
    budget: Budget,
    subject: CallSubject = {},
    kind: 'reads' | 'changes' = 'changes',
  ): Promise<{ readonly call: SystemctlCall; readonly result: CommandResult }> {
    const call = { arguments: ['--user', '--no-ask-password', ...verb], ...subject };
    budget.assertLive(`systemctl ${verb[0]}`);
    const { remaining, signal } = budget;
    if (remaining === 0) {
      throw new LaunchportError('ERR_TIMEOUT', `no time left for systemctl ${verb[0]}`, {
        hint: 'Allow more time.',
        details: call,
      });
    }
    const timeout = kind === 'reads' ? Math.min(READ_TIMEOUT_MS, remaining) : remaining * 0.8;
    const bounds = signal === undefined ? { timeout } : { timeout, signal };
    return { call, result: await this.#runner(this.#file, call.arguments, bounds) };
  }

  /**
   * Runs a command that has to succeed.
   * @throws LaunchportError as {@link run}; by what systemctl said; ERR_LAUNCHD_UNKNOWN_OUTCOME without an answer
   */
  async demand(
    verb: readonly string[],
    budget: Budget,
    subject: CallSubject = {},
    kind: 'reads' | 'changes' = 'changes',
  ): Promise<string> {
    const { call, result } = await this.run(verb, budget, subject, kind);
    if (result.exitStatus === 0) return result.stdout;
    throw callFailure(call, result);
  }

  /** The properties of units by name; an unknown unit is there with `LoadState=not-found`. @throws as {@link demand} */
  async show(
    units: readonly string[],
    budget: Budget,
    subject: CallSubject = {},
  ): Promise<ReadonlyMap<string, UnitProperties>> {
    const verb = ['show', `--property=${SHOWN_PROPERTIES.join(',')}`, '--', ...units];
    return parseShow(await this.demand(verb, budget, subject, 'reads'));
  }
}

/** The error for a call that failed or gave no answer. */
export function callFailure(call: SystemctlCall, result: CommandResult): LaunchportError {
  if (result.isTimedOut) return systemctlSilent(call, 'its effect is not known', result);
  return systemctlFailure(call, result);
}
