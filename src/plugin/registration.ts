/** Registers plugins with launchd, and takes them out again. */
import {
  Budget,
  errorText,
  KeyedLock,
  LaunchportError,
  type Logger,
  silentLogger,
  type WaitOptions,
} from '../base/index.js';
import {
  type DomainTarget,
  type JobStatus,
  type LaunchControl,
  type ServiceTarget,
  serviceTarget,
} from '../launchd/index.js';
import { isCliPlugin, type Plugin } from './config.js';
import { assertOurs, findLoaded, type LoadedJob, unloadJob } from './loaded-job.js';
import { assertNoCollision, DEFAULT_PREFIX } from './naming.js';
import { forwardedConfiguration, readPluginSettings } from './plugin-settings.js';
import { type JobTools, type RegistrationOutcome, registerJob } from './register-job.js';
import {
  type InstanceOptions,
  type JobContext,
  type JobOptions,
  type JobPlace,
  placeJob,
  planJob,
  type RegistrationKind,
} from './registration-plan.js';
import type { Roots } from './roots.js';
import { type RegistrationRecord, RegistrationStore } from './state.js';
import { Undo } from './undo.js';

/** Milliseconds an operation may take, when the caller does not say. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** What a registrar works with. */
export interface RegistrarOptions {
  readonly control: LaunchControl;
  readonly roots: Roots;
  /** What jobs may inherit a part of; default that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Default `com.apple.container.`. */
  readonly prefix?: string;
  /** Passes `--debug` to every job; default false. */
  readonly debug?: boolean;
  /** Domain for new jobs; default the one that {@link LaunchControl.defaultDomain} gives. */
  readonly domain?: DomainTarget;
  /** Variables passed on besides `CONTAINER_*`; default the proxy variables. */
  readonly passedVariables?: readonly string[];
  /** Directory of one output file per label; default: output is discarded. The files grow without bound. */
  readonly outputDirectory?: string;
  readonly logger?: Logger;
}

/** A plugin's job, loaded into launchd. */
export interface Registration {
  readonly plugin: Plugin;
  readonly kind: RegistrationKind;
  readonly instance?: string;
  /** What the plugin and the instance are called in messages: `plugin hydra, container web-1`. */
  readonly owner: string;
  readonly label: string;
  readonly domain: DomainTarget;
  readonly target: ServiceTarget;
  /** Its Mach services, in declared order. */
  readonly services: readonly string[];
  readonly plistPath: string;
  readonly stateRoot: string;
  /** The loaded definition, as XML. */
  readonly plist: string;
  /** `unchanged`: the very same job was loaded already. `replaced`: an older definition was unloaded first. */
  readonly outcome: RegistrationOutcome;
}

/** Bounds of an operation; `timeout` defaults to 60 000 ms. */
export interface RegisterOptions extends JobOptions, WaitOptions {}

/** What to act on: a registration, its record, or a plugin with {@link InstanceOptions}. */
export type RegistrationSubject = Registration | RegistrationRecord | Plugin;

/**
 * Loads the jobs of plugins. Operations on one label run one after the other. Each settles within its timeout; a
 * failed registration leaves files and jobs as they were.
 */
export class PluginRegistrar {
  readonly #control: LaunchControl;
  readonly #context: JobContext;
  readonly #domain: DomainTarget | undefined;
  readonly #tools: JobTools;
  readonly #lock = new KeyedLock();

  constructor(options: RegistrarOptions) {
    const { control, roots, domain, passedVariables, outputDirectory, logger = silentLogger } = options;
    this.#control = control;
    this.#domain = domain;
    this.#tools = {
      control,
      logger,
      store: new RegistrationStore(roots.registrations, logger),
      directories: [roots.plist, outputDirectory].filter((path) => path !== undefined),
    };
    this.#context = {
      roots,
      prefix: options.prefix ?? DEFAULT_PREFIX,
      environment: options.environment ?? process.env,
      debug: options.debug ?? false,
      ...(passedVariables === undefined ? {} : { passedVariables }),
      ...(outputDirectory === undefined ? {} : { outputDirectory }),
    };
  }

  /**
   * Loads a plugin's job, or makes sure that exactly this job is loaded: the same definition and executable are
   * left alone, others are unloaded and replaced. A CLI plugin has no job: undefined.
   * @throws LaunchportError of planning (ERR_PLUGIN_INSTANCE, ERR_LAUNCHD_LABEL, …), ERR_PLUGIN_CONFLICT when the
   * label belongs to another, ERR_PLUGIN_DIRECTORY when files cannot be written, and those of the control
   */
  async register(plugin: Plugin, options: RegisterOptions = {}): Promise<Registration | undefined> {
    if (isCliPlugin(plugin)) return undefined;
    // Planned twice: bad input is refused before anything is looked at, and the domain decides on the session type.
    const context = { ...this.#context, configuration: await this.#configuration(plugin.name) };
    const draft = planJob(plugin, options, context);
    assertNoCollision(draft, [], this.#context.prefix);
    return this.#exclusive('register', draft, options, async (budget) => {
      const { record, loaded } = await this.#find(draft, budget);
      const domain = this.#domain ?? loaded?.domain ?? (await this.#control.defaultDomain(budget.rest()));
      const plan = planJob(plugin, options, { ...context, domain });
      const outcome = await registerJob(plan, { domain, loaded, record }, this.#tools, budget);
      const { definition: _, ...job } = plan;
      return { ...job, domain, target: serviceTarget(domain, plan.label), outcome };
    });
  }

  /**
   * Unloads the job, waits until its process is gone, and removes its plist and record; its state directory stays.
   * Resolves to whether it was loaded; nothing to unload is no error.
   * @throws LaunchportError ERR_PLUGIN_CONFLICT when the label belongs to another, and those of the control
   */
  async deregister(
    subject: RegistrationSubject,
    options: InstanceOptions & WaitOptions = {},
  ): Promise<boolean> {
    if (isPlugin(subject) && isCliPlugin(subject)) return false;
    const place = this.#place(subject, options);
    return this.#exclusive('deregister', place, options, async (budget) => {
      const { record, loaded } = await this.#find(place, budget);
      if (loaded !== undefined) await unloadJob(this.#control, loaded.status.target, budget.rest());
      await new Undo(this.#tools.logger).discardFile(record?.plistPath ?? place.plistPath);
      if (record !== undefined) await this.#tools.store.remove(place.label);
      return loaded !== undefined;
    });
  }

  /**
   * Ends the job's process and starts it anew. Resolves to the new pid, if known.
   * @throws LaunchportError ERR_PLUGIN_NOT_LOADED, ERR_PLUGIN_CONFLICT, and those of the control
   */
  async restart(
    subject: RegistrationSubject,
    options: InstanceOptions & WaitOptions = {},
  ): Promise<number | undefined> {
    const place = this.#place(subject, options);
    return this.#exclusive('restart', place, options, async (budget) => {
      const { loaded } = await this.#find(place, budget);
      if (loaded !== undefined) {
        return this.#control.kickstart(loaded.status.target, { ...budget.rest(), kill: true });
      }
      throw new LaunchportError('ERR_PLUGIN_NOT_LOADED', `${place.owner}: not loaded`, {
        hint: 'Load it first.',
        details: { label: place.label },
      });
    });
  }

  /**
   * What launchd says about the job, in whatever domain it is loaded; undefined when it is not.
   * @throws LaunchportError ERR_PLUGIN_CONFLICT, and those of the control
   */
  async status(
    subject: RegistrationSubject,
    options: InstanceOptions & WaitOptions = {},
  ): Promise<JobStatus | undefined> {
    const place = this.#place(subject, options);
    return (
      await this.#find(
        place,
        new Budget(`status ${place.label}`, { timeout: DEFAULT_TIMEOUT_MS, ...options }),
      )
    ).loaded?.status;
  }

  /** What this and earlier processes registered under these roots and did not deregister, sorted by label. */
  async records(): Promise<readonly RegistrationRecord[]> {
    return this.#tools.store.list();
  }

  /** What is wrong with the settings of one plugin is that plugin's own matter: it reads them too, and says so. */
  async #configuration(name: string): Promise<string | undefined> {
    try {
      return forwardedConfiguration(name, await readPluginSettings(name, this.#context.roots));
    } catch (error) {
      this.#tools.logger.warn('settings not forwarded', { plugin: name, error: errorText(error) });
      return undefined;
    }
  }

  #place(subject: RegistrationSubject, options: InstanceOptions): Ownership {
    if (isPlugin(subject)) return placeJob(subject, options, this.#context);
    const { label, plistPath, owner } = subject;
    return { label, plistPath, owner };
  }

  #exclusive<T>(
    verb: string,
    place: Ownership,
    options: WaitOptions,
    task: (budget: Budget) => Promise<T>,
  ): Promise<T> {
    const budget = new Budget(`${verb} ${place.label}`, { timeout: DEFAULT_TIMEOUT_MS, ...options });
    const onTimeout = () =>
      new LaunchportError('ERR_TIMEOUT', `an earlier operation on ${place.label} takes too long`, {
        hint: 'Try again, or allow more time.',
        details: { label: place.label },
      });
    return this.#lock.run(place.label, budget.rest(), onTimeout, () => task(budget));
  }

  /** The record and the loaded job of a label, when they are the place's own. */
  async #find(place: Ownership, budget: Budget): Promise<Found> {
    const record = await this.#tools.store.read(place.label);
    const loaded =
      (record && (await findLoaded(this.#control, place.label, [record.domain], () => budget.rest()))) ??
      (await findLoaded(
        this.#control,
        place.label,
        [this.#domain ?? (await this.#control.defaultDomain(budget.rest()))],
        () => budget.rest(),
      ));
    if (loaded !== undefined) await assertOurs(loaded, place, record);
    return { loaded, record: record?.owner === place.owner ? record : undefined };
  }
}

type Ownership = Pick<JobPlace, 'label' | 'owner' | 'plistPath'>;

interface Found {
  readonly record: RegistrationRecord | undefined;
  readonly loaded: LoadedJob | undefined;
}

function isPlugin(subject: RegistrationSubject): subject is Plugin {
  return 'config' in subject;
}
