/** launchd's verbs over `systemctl --user`: the same plists, run by systemd instead of a supervisor of ours. */
import { Budget, KeyedLock, LaunchportError } from '../base/index.js';
import {
  type ControlOptions,
  type DomainTarget,
  type JobStatus,
  type JobSummary,
  type LaunchControl,
  type ManagerName,
  parseDomainTarget,
  parseServiceTarget,
  readJobPlist,
  type ServiceTarget,
  serviceTarget,
} from '../launchd/index.js';
import { OverrideFile } from './override-file.js';
import { SystemctlTool } from './systemctl-tool.js';
import {
  assertServicesFree,
  type LoadingTools,
  loadUnits,
  removeUnits,
  systemdJobError,
} from './systemd-loading.js';
import { type SystemdControlOptions, type SystemdSettings, systemdSettings } from './systemd-options.js';
import { signalService, startService, type UnitSubject } from './systemd-process.js';
import { UnitFiles } from './unit-files.js';
import { unitStem } from './unit-names.js';
import { DEFAULT_EXIT_TIMEOUT_S, throttlePath } from './unit-service.js';
import { isKnownUnit, jobStatus, pidOf } from './unit-status.js';
import { systemdUnits } from './units.js';

const DEFAULT_TIMEOUT_MS = 30_000;
/** Milliseconds for systemctl's own work beside the job's ExitTimeOut. */
const UNLOAD_EXTRA_MS = 10_000;

/** Jobs as systemd user units. Its only domain is `user/UID`. */
export class SystemdControl implements LaunchControl {
  readonly kind = 'systemd';
  readonly #tool: SystemctlTool;
  readonly #files: UnitFiles;
  readonly #overrides: OverrideFile;
  readonly #settings: SystemdSettings;
  readonly #locks = new KeyedLock();

  constructor(options: SystemdControlOptions = {}) {
    const settings = systemdSettings(options);
    this.#settings = settings;
    this.#tool = new SystemctlTool(settings.runner, settings.systemctl);
    this.#files = new UnitFiles(settings.unitDirectory);
    this.#overrides = new OverrideFile(settings.overridesPath);
  }

  /** `user/UID`, asking nobody. */
  async defaultDomain(): Promise<DomainTarget> {
    return this.#settings.domain;
  }

  /** @throws LaunchportError ERR_LAUNCHD_NO_DOMAIN when there is no user manager to talk to */
  async managerName(options: ControlOptions = {}): Promise<ManagerName> {
    await this.#tool.demand(
      ['show', '--property=Version'],
      this.#budget('managername', options),
      {},
      'reads',
    );
    return 'Background';
  }

  /**
   * Writes the job's units, starts its sockets, and installs them for later logins.
   * @throws LaunchportError ERR_LAUNCHD_PLIST, ERR_LAUNCHD_PERMISSION, ERR_LAUNCHD_DISABLED, ERR_LAUNCHD_ALREADY_LOADED,
   * ERR_LAUNCHD_SERVICE_TAKEN, ERR_LAUNCHD_NO_DOMAIN; nothing is left of a load that failed
   */
  async bootstrap(
    domain: DomainTarget,
    plistPath: string,
    options: ControlOptions = {},
  ): Promise<ServiceTarget> {
    const budget = this.#budget('bootstrap', options);
    this.#assertDomain(parseDomainTarget(domain));
    const { definition } = await readJobPlist(plistPath);
    const subject = this.#subject(serviceTarget(domain, definition.Label));
    return this.#exclusively(subject.label, budget, async () => {
      const { target, stem } = subject;
      const where = { bootstrap: this.#settings.bootstrap, throttle: this.#settings.throttle, plistPath };
      const plan = systemdUnits(definition, where);
      const override = (await this.#overrides.read()).get(subject.label);
      const service = (await this.#tool.show([plan.service], budget, subject)).get(plan.service);
      const isMasked = service?.get('LoadState') === 'masked';
      if (isMasked || (override ?? definition.Disabled === true)) {
        throw systemdJobError(
          'ERR_LAUNCHD_DISABLED',
          'disabled',
          subject,
          'is disabled',
          'Enable it, then load it.',
        );
      }
      const tools = this.#tools(stem);
      if (await this.#files.isUncommitted(stem)) await removeUnits(stem, subject, budget, tools);
      else if (isKnownUnit(service) || (await this.#files.of(stem)).length > 0) {
        const hint = 'Unload it first to load another version.';
        throw systemdJobError(
          'ERR_LAUNCHD_ALREADY_LOADED',
          'alreadyLoaded',
          subject,
          'is already loaded',
          hint,
        );
      }
      await assertServicesFree(plan.sockets, subject, tools);
      for (const { key, message } of plan.warnings)
        this.#settings.logger.warn(`${subject.label}: ${message}`, { key });
      await loadUnits(stem, plan, subject, budget, tools);
      return target;
    });
  }

  /**
   * Stops sockets and service, waits until the process is gone, and removes the units.
   * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED; ERR_LAUNCHD_BUSY when the job does not end in time
   */
  async bootout(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    const subject = this.#subject(target);
    const { label, stem } = subject;
    const kept = await this.#files.kept(`${stem}.service`);
    const least = (kept?.exitTimeout ?? DEFAULT_EXIT_TIMEOUT_S) * 1000 + UNLOAD_EXTRA_MS;
    const budget = this.#budget('bootout', options, least);
    await this.#exclusively(label, budget, async () => {
      const names = await this.#files.of(stem);
      const service = `${stem}.service`;
      const shown = await this.#tool.show([service], budget, subject);
      if (names.length === 0 && !isKnownUnit(shown.get(service))) throw this.#notLoaded(subject);
      await removeUnits(stem, subject, budget, this.#tools(stem));
      const isDisabled = (await this.#overrides.read()).get(label) === true;
      if (isDisabled) await this.#tool.run(['--quiet', 'mask', '--', service], budget, subject);
    });
  }

  /**
   * Starts or restarts the service now, whatever its throttle interval and earlier failures. Resolves to its pid.
   * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, ERR_LAUNCHD_SPAWN with the reason, ERR_LAUNCHD_UNKNOWN_OUTCOME
   */
  async kickstart(
    target: ServiceTarget,
    options: ControlOptions & { readonly kill?: boolean } = {},
  ): Promise<number | undefined> {
    const budget = this.#budget('kickstart', options);
    const subject = this.#subject(target);
    await this.#loaded(subject, budget);
    const verb = options.kill === true ? 'restart' : 'start';
    return startService(verb, subject, budget, this.#tools(subject.stem));
  }

  /** @throws LaunchportError ERR_LAUNCHD_NOT_LOADED, or ERR_LAUNCHD_STATE when no process of it runs */
  async kill(target: ServiceTarget, signal: NodeJS.Signals, options: ControlOptions = {}): Promise<void> {
    if (!/^SIG[A-Z0-9]+$/.test(signal)) throw new TypeError(`not a signal: ${signal}`);
    const budget = this.#budget('kill', options);
    const subject = this.#subject(target);
    if (pidOf(await this.#loaded(subject, budget)) === undefined) {
      const hint = 'Start it with kickstart.';
      throw systemdJobError('ERR_LAUNCHD_STATE', 'unknown', subject, 'has no process', hint);
    }
    await signalService(signal, subject, budget, this.#tool);
  }

  async print(target: ServiceTarget, options: ControlOptions = {}): Promise<JobStatus | undefined> {
    const budget = this.#budget('print', options);
    const subject = this.#subject(target);
    const service = `${subject.stem}.service`;
    const names = await this.#files.of(subject.stem);
    const sockets = names.filter((name) => name.endsWith('.socket'));
    const shown = await this.#tool.show([service, ...sockets], budget, subject);
    if (!names.includes(service) && !isKnownUnit(shown.get(service))) return undefined;
    const kept = await this.#files.kept(service);
    const states = sockets.map((name) => shown.get(name));
    return jobStatus(subject.target, subject.label, shown.get(service), states, kept);
  }

  /** Lifts the mask and notes it; a loaded job is installed for later logins again. */
  async enable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    await this.#override(target, false, options);
  }

  /**
   * Masks the service. One that is loaded goes on as it is and is only no longer installed: its mask comes with bootout.
   */
  async disable(target: ServiceTarget, options: ControlOptions = {}): Promise<void> {
    await this.#override(target, true, options);
  }

  async overrides(domain: DomainTarget): Promise<ReadonlyMap<string, boolean>> {
    this.#assertDomain(parseDomainTarget(domain));
    return this.#overrides.read();
  }

  /** All jobs whose units are ours. */
  async list(options: ControlOptions = {}): Promise<readonly JobSummary[]> {
    const budget = this.#budget('list', options);
    const jobs = [...(await this.#files.jobs())];
    if (jobs.length === 0) return [];
    const shown = await this.#tool.show(
      jobs.map(([service]) => service),
      budget,
    );
    const rows = jobs.map(([service, { label }]): JobSummary => {
      const { pid, lastExit } = jobStatus(
        serviceTarget(this.#settings.domain, label),
        label,
        shown.get(service),
        [],
        undefined,
      );
      const status = lastExit === undefined ? 0 : lastExit.kind === 'exited' ? lastExit.code : undefined;
      return { label, ...(pid === undefined ? {} : { pid }), ...(status === undefined ? {} : { status }) };
    });
    return rows.sort((a, b) => (a.label < b.label ? -1 : 1));
  }

  async #override(target: ServiceTarget, isDisabled: boolean, options: ControlOptions): Promise<void> {
    const budget = this.#budget(isDisabled ? 'disable' : 'enable', options);
    const subject = this.#subject(target);
    const { label, stem } = subject;
    await this.#exclusively(label, budget, async () => {
      const service = `${stem}.service`;
      if (!isDisabled) await this.#tool.demand(['--quiet', 'unmask', '--', service], budget, subject);
      const units = await this.#files.installable(stem);
      if (units.length > 0) {
        await this.#tool.demand(
          ['--quiet', isDisabled ? 'disable' : 'enable', '--', ...units],
          budget,
          subject,
        );
      } else if (isDisabled && (await this.#files.of(stem)).length === 0) {
        await this.#tool.demand(['--quiet', 'mask', '--', service], budget, subject);
      }
      await this.#exclusively('', budget, () => this.#overrides.set(label, isDisabled));
    });
  }

  /** The properties of a loaded job's service. @throws LaunchportError ERR_LAUNCHD_NOT_LOADED */
  async #loaded(subject: UnitSubject, budget: Budget) {
    const service = `${subject.stem}.service`;
    const properties = (await this.#tool.show([service], budget, subject)).get(service);
    if (!isKnownUnit(properties)) throw this.#notLoaded(subject);
    return properties;
  }

  #notLoaded(subject: UnitSubject): LaunchportError {
    return systemdJobError(
      'ERR_LAUNCHD_NOT_LOADED',
      'notFound',
      subject,
      'is not loaded',
      'Bootstrap it first.',
    );
  }

  #subject(target: ServiceTarget): UnitSubject {
    const { domain, label } = parseServiceTarget(target);
    this.#assertDomain(domain, target);
    return { target, domain, label, stem: unitStem(label) };
  }

  #assertDomain(domain: DomainTarget, target: string = domain): void {
    if (domain === this.#settings.domain) return;
    throw new LaunchportError('ERR_LAUNCHD_NO_DOMAIN', `this user's systemd has no domain ${domain}`, {
      hint: `Use ${this.#settings.domain}.`,
      details: { domain, target, meaning: 'unsupportedDomain' },
    });
  }

  #tools(stem: string): LoadingTools {
    return {
      tool: this.#tool,
      files: this.#files,
      throttleFile: throttlePath(this.#settings.throttle, stem),
      socketTable: this.#settings.socketTable,
    };
  }

  #budget(verb: string, { timeout, signal }: ControlOptions, least = 0): Budget {
    const bounds = { timeout: timeout ?? Math.max(DEFAULT_TIMEOUT_MS, least) };
    return new Budget(
      `systemd ${verb}`,
      signal === undefined ? bounds : { ...bounds, signal },
      this.#settings.clock,
    );
  }

  #exclusively<T>(key: string, budget: Budget, work: () => Promise<T>): Promise<T> {
    const busy = () =>
      new LaunchportError('ERR_LAUNCHD_BUSY', `another operation on ${key} is under way`, {
        hint: 'Try again when it is done.',
        details: { label: key, meaning: 'busy' },
      });
    return this.#locks.run(key, { timeout: budget.remaining, signal: budget.signal }, busy, work);
  }
}
