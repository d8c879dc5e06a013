/** launchd as `/bin/launchctl` gives access to it. */
import { uptime } from 'node:os';
import { isAbsolute } from 'node:path';
import {
  type Budget,
  type BudgetClock,
  KeyedLock,
  LaunchportError,
  type Logger,
  silentLogger,
  withDeadline,
} from '../base/index.js';
import { type CommandRunner, runCommand } from './command-runner.js';
import type {
  ControlOptions,
  DomainTarget,
  JobStatus,
  JobSummary,
  LaunchControl,
  ManagerName,
  ServiceTarget,
} from './control.js';
import { controlBudget, drainMilliseconds, spentError } from './control-call.js';
import { parseDomainTarget, parseServiceTarget, serviceTarget } from './domain.js';
import { NUMBERS } from './error-numbers.js';
import { isDarwinSignal } from './exit-status.js';
import { failureNumber, type LaunchctlCall, launchctlFailure, unknownOutcome } from './failure.js';
import { bootoutJob } from './launchctl-bootout.js';
import { bootstrapJob } from './launchctl-bootstrap.js';
import { type Caller, chooseDomain, readManager } from './launchctl-domain.js';
import { kickstartJob } from './launchctl-kickstart.js';
import { type OverrideVerb, overrideJob, readOverrides } from './launchctl-override.js';
import { LaunchctlTool } from './launchctl-tool.js';
import { parseList } from './listings.js';
import { readJobPlist } from './plist-file.js';

/** Seconds after a start of the system in which ssh may be up before the graphical session. */
const FRESH_BOOT_S = 300;

/** How a control reaches launchctl. */
export interface LaunchctlOptions {
  /** Default: runs the real tool. */
  readonly runner?: CommandRunner;
  /** The user whose domain is meant; default: of this process. */
  readonly uid?: number;
  /** Domain of new jobs; default: that of the session this process is in. */
  readonly domain?: DomainTarget;
  /** Where `SUDO_UID` comes from; default: the process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Seconds since the system was started; default: those of this machine. */
  readonly uptime?: () => number;
  readonly logger?: Logger;
  readonly clock?: BudgetClock;
}

/**
 * Controls launchd through its command-line tool. Every target, label, path and signal is checked before it reaches
 * a command line, and every exit status is read. Operations that change a job run one at a time per job. A command
 * that gives no answer in time is never repeated; the job is looked at instead.
 */
export class LaunchctlControl implements LaunchControl {
  readonly kind = 'launchctl';
  readonly #tool: LaunchctlTool;
  readonly #uid: number;
  readonly #domain: DomainTarget | undefined;
  readonly #sudoUid: string | undefined;
  readonly #uptime: () => number;
  readonly #logger: Logger;
  readonly #clock: BudgetClock | undefined;
  readonly #lock = new KeyedLock();

  constructor(options: LaunchctlOptions = {}) {
    this.#tool = new LaunchctlTool(options.runner ?? runCommand);
    this.#uid = options.uid ?? process.getuid?.() ?? 0;
    this.#domain = options.domain === undefined ? undefined : parseDomainTarget(options.domain);
    const { SUDO_UID } = options.environment ?? process.env;
    this.#sudoUid = SUDO_UID !== undefined && /^[0-9]{1,10}$/.test(SUDO_UID) ? SUDO_UID : undefined;
    this.#uptime = options.uptime ?? uptime;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock;
  }

  /** @throws LaunchportError ERR_LAUNCHD_NO_DOMAIN for root in a user's session and at the login window */
  async defaultDomain(options?: ControlOptions): Promise<DomainTarget> {
    return this.#domain ?? chooseDomain(this.#tool, this.#caller(), this.#logger, this.#budget(options));
  }

  async managerName(options?: ControlOptions): Promise<ManagerName> {
    return readManager(this.#tool, this.#budget(options));
  }

  /**
   * @throws TypeError for a relative path; LaunchportError ERR_LAUNCHD_ALREADY_LOADED, ERR_LAUNCHD_PLIST,
   * ERR_LAUNCHD_PERMISSION, ERR_LAUNCHD_DISABLED, ERR_LAUNCHD_NO_DOMAIN, ERR_LAUNCHD_BUSY and others by number
   */
  async bootstrap(domain: DomainTarget, plistPath: string, options?: ControlOptions): Promise<ServiceTarget> {
    const checked = parseDomainTarget(domain);
    if (!isAbsolute(plistPath) || plistPath.includes('\0')) {
      throw new TypeError(`not an absolute plist path: ${JSON.stringify(plistPath)}`);
    }
    const budget = this.#budget(options);
    const { definition, warnings } = await withDeadline(
      `reading ${plistPath}`,
      { timeout: budget.remaining, signal: budget.signal },
      () => spentError(`reading ${plistPath}`, { path: plistPath }),
      () => readJobPlist(plistPath, this.#uid),
    );
    for (const warning of warnings) this.#logger.warn(`job plist ${plistPath}: ${warning}`);
    const target = serviceTarget(checked, definition.Label);
    await this.#inTurn(target, budget, () =>
      bootstrapJob(this.#tool, { domain: checked, target, plistPath, definition, ...this.#caller() }, budget),
    );
    this.#logger.debug('job loaded', { target, path: plistPath });
    return target;
  }

  async bootout(target: ServiceTarget, options?: ControlOptions): Promise<void> {
    const checked = canonical(target);
    const turn = this.#budget(options);
    await this.#inTurn(checked, turn, async () => {
      const least = options?.timeout === undefined ? await this.#drainTime(checked, turn) : 0;
      await bootoutJob(this.#tool, checked, least > turn.remaining ? this.#budget(options, least) : turn);
    });
    this.#logger.debug('job unloaded', { target: checked });
  }

  async kickstart(
    target: ServiceTarget,
    options?: ControlOptions & { readonly kill?: boolean },
  ): Promise<number | undefined> {
    const checked = canonical(target);
    const budget = this.#budget(options);
    const kill = options?.kill ?? false;
    return this.#inTurn(checked, budget, () => kickstartJob(this.#tool, checked, kill, budget));
  }

  /**
   * Not queued behind other operations: a signal may be what ends them.
   * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, ERR_LAUNCHD_STATE when the job has no process
   */
  async kill(target: ServiceTarget, signal: NodeJS.Signals, options?: ControlOptions): Promise<void> {
    const checked = canonical(target);
    if (!isDarwinSignal(signal)) throw new TypeError(`not a signal: ${JSON.stringify(signal)}`);
    const budget = this.#budget(options);
    const call: LaunchctlCall = { arguments: ['kill', signal, checked], ...parseServiceTarget(checked) };
    const result = await this.#tool.run(call, budget);
    if (result.exitStatus === 0) return;
    if (result.exitStatus === undefined) throw unknownOutcome(call, 'the signal may have been sent', result);
    const hasNoProcess =
      failureNumber(result) === NUMBERS.noSuchProcess &&
      (await this.#tool.probe(checked, budget)).kind === 'loaded';
    if (!hasNoProcess) throw launchctlFailure(call, result);
    throw launchctlFailure(call, result, {
      code: 'ERR_LAUNCHD_STATE',
      meaning: 'notFound',
      text: `${checked} has no process`,
      advice: 'Kickstart it first.',
    });
  }

  async print(target: ServiceTarget, options?: ControlOptions): Promise<JobStatus | undefined> {
    return this.#tool.print(canonical(target), this.#budget(options));
  }

  async enable(target: ServiceTarget, options?: ControlOptions): Promise<void> {
    await this.#override('enable', target, options);
  }

  async disable(target: ServiceTarget, options?: ControlOptions): Promise<void> {
    await this.#override('disable', target, options);
  }

  async overrides(domain: DomainTarget, options?: ControlOptions): Promise<ReadonlyMap<string, boolean>> {
    return readOverrides(this.#tool, parseDomainTarget(domain), this.#budget(options));
  }

  async list(options?: ControlOptions): Promise<readonly JobSummary[]> {
    return parseList(await this.#tool.read({ arguments: ['list'] }, this.#budget(options)));
  }

  async #override(verb: OverrideVerb, target: ServiceTarget, options?: ControlOptions): Promise<void> {
    const checked = canonical(target);
    const budget = this.#budget(options);
    await this.#inTurn(checked, budget, () => overrideJob(this.#tool, verb, checked, budget));
    this.#logger.debug(`job ${verb}d`, { target: checked });
  }

  /** Overlapping operations on one job are answered by launchd with errors that mean nothing. */
  #inTurn<T>(target: ServiceTarget, budget: Budget, work: () => Promise<T>): Promise<T> {
    const onTimeout = () =>
      new LaunchportError('ERR_LAUNCHD_BUSY', `another operation on ${target} is under way`, {
        hint: 'Wait for it, or allow more time.',
        details: { target },
      });
    return this.#lock.run(target, { timeout: budget.remaining, signal: budget.signal }, onTimeout, work);
  }

  #caller(): Caller {
    return { uid: this.#uid, sudoUid: this.#sudoUid, isFreshBoot: this.#uptime() < FRESH_BOOT_S };
  }

  /** Milliseconds that the job which is loaded may take to end. */
  async #drainTime(target: ServiceTarget, budget: Budget): Promise<number> {
    const probe = await this.#tool.probe(target, budget).catch(() => undefined);
    return probe?.kind === 'loaded' ? drainMilliseconds(probe.status.exitTimeout) : 0;
  }

  #budget(options: ControlOptions | undefined, least = 0): Budget {
    return controlBudget('launchctl', options, this.#clock, least);
  }
}

/** The checked form of a target; a bare domain never gets through. */
function canonical(target: ServiceTarget): ServiceTarget {
  const { domain, label } = parseServiceTarget(target);
  return serviceTarget(domain, label);
}
