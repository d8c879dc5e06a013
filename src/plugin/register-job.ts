/** The steps of a registration: compare with what is loaded, write, unload the old, load the new, remember. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { type Budget, isLaunchportError, LaunchportError, type Logger } from '../base/index.js';
import { type DomainTarget, type LaunchControl, serviceTarget } from '../launchd/index.js';
import { type LoadedJob, unloadJob } from './loaded-job.js';
import type { JobPlan } from './registration-plan.js';
import type { FileIdentity, RegistrationRecord, RegistrationStore } from './state.js';
import { Undo } from './undo.js';

/** What the steps work with. */
export interface JobTools {
  readonly control: LaunchControl;
  readonly store: RegistrationStore;
  readonly logger: Logger;
  /** Directories that must exist besides the state directory. */
  readonly directories: readonly string[];
}

/** Where things stand before a registration. */
export interface JobBefore {
  /** Domain to load into. */
  readonly domain: DomainTarget;
  readonly loaded: LoadedJob | undefined;
  readonly record: RegistrationRecord | undefined;
}

/** How a registration came about. `replaced`: an older definition was unloaded first. */
export type RegistrationOutcome = 'loaded' | 'unchanged' | 'replaced';

/**
 * Makes the plan the job that is loaded. When a step fails, files and jobs are put back as they were.
 * @throws LaunchportError ERR_PLUGIN_DIRECTORY, ERR_TIMEOUT, ERR_ABORTED, and those of the control
 */
export async function registerJob(
  plan: JobPlan,
  before: JobBefore,
  tools: JobTools,
  budget: Budget,
): Promise<RegistrationOutcome> {
  const { domain, loaded, record } = before;
  const next = await recordFor(plan, domain);
  if (loaded?.domain === domain && record !== undefined && isSameJob(record, next)) return 'unchanged';
  const undo = new Undo(tools.logger);
  try {
    const unloadOld = prepareReload(before, plan, tools, undo);
    for (const directory of [plan.stateRoot, ...tools.directories]) await undo.makeDirectory(directory);
    await undo.writePlist(plan.plistPath, plan.definition);
    await unloadOld(budget);
    await bootstrap(plan, domain, tools, budget, undo);
    await tools.store.write(next);
  } catch (error) {
    const isRestored = await undo.run();
    throw loaded === undefined ? error : withRestoration(error, isRestored);
  }
  if (record !== undefined && record.plistPath !== plan.plistPath) await undo.discardFile(record.plistPath);
  return loaded === undefined ? 'loaded' : 'replaced';
}

async function bootstrap(
  plan: JobPlan,
  domain: DomainTarget,
  tools: JobTools,
  budget: Budget,
  undo: Undo,
): Promise<void> {
  const { control } = tools;
  const target = serviceTarget(domain, plan.label);
  const load = () => control.bootstrap(domain, plan.plistPath, budget.rest());
  const unload = () => unloadJob(control, target);
  try {
    await load().catch(async (error: unknown) => {
      if (!isLaunchportError(error, 'ERR_LAUNCHD_ALREADY_LOADED')) throw error;
      // Another process loaded the label since we looked, perhaps with another definition.
      await unloadJob(control, target, budget.rest());
      await load();
    });
  } catch (error) {
    if (isLaunchportError(error, 'ERR_ABORTED')) undo.add(unload);
    if (!isUnknownOutcome(error) || isLaunchportError(error, 'ERR_ABORTED')) throw error;
    // What counts is whether launchd did it.
    if ((await control.print(target)) === undefined) throw error;
  }
  undo.add(unload);
}

/**
 * Gives the step that unloads the former job, and has it loaded again when a later step fails: to be called before
 * the steps whose taking back must come first, such as the restoration of its plist.
 */
function prepareReload(
  { loaded, record }: JobBefore,
  plan: JobPlan,
  { control }: JobTools,
  undo: Undo,
): (budget: Budget) => Promise<void> {
  if (loaded === undefined) return async () => {};
  const { target, path = record?.plistPath ?? plan.plistPath } = loaded.status;
  let isUnloaded = false;
  undo.add(async () => {
    if (!isUnloaded) return;
    await unloadJob(control, target);
    await control.bootstrap(loaded.domain, path);
  });
  return async (budget) => {
    try {
      await unloadJob(control, target, budget.rest());
      isUnloaded = true;
    } catch (error) {
      // It may be on its way out, and then it would be gone for good.
      isUnloaded = isUnknownOutcome(error);
      throw error;
    }
  };
}

/** launchd was asked, and nobody waited for its answer. */
function isUnknownOutcome(error: unknown): boolean {
  return isLaunchportError(error, 'ERR_ABORTED', 'ERR_TIMEOUT', 'ERR_LAUNCHD_UNKNOWN_OUTCOME');
}

function withRestoration(error: unknown, isRestored: boolean): unknown {
  if (!isLaunchportError(error)) return error;
  const { hint } = error;
  const outcome = isRestored
    ? 'the job that was loaded before is back'
    : 'the job before it could not be restored';
  return new LaunchportError(error.code, `${error.message}; ${outcome}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...error.details, isRestored },
    cause: error,
  });
}

async function recordFor(plan: JobPlan, domain: DomainTarget): Promise<RegistrationRecord> {
  const binary = await identityOf(plan.plugin.binaryPath);
  return {
    label: plan.label,
    target: serviceTarget(domain, plan.label),
    domain,
    plugin: plan.plugin.name,
    kind: plan.kind,
    ...(plan.instance === undefined ? {} : { instance: plan.instance }),
    owner: plan.owner,
    services: plan.services,
    plistPath: plan.plistPath,
    stateRoot: plan.stateRoot,
    bundlePath: plan.plugin.bundlePath,
    digest: createHash('sha256').update(plan.plist).digest('hex'),
    binary,
    registeredAt: new Date().toISOString(),
  };
}

async function identityOf(path: string): Promise<FileIdentity> {
  const { dev, ino, size, mtimeMs } = await stat(path).catch((cause: unknown) => {
    throw new LaunchportError('ERR_PLUGIN_BINARY', `${path}: no such executable`, {
      hint: 'The plugin was moved or removed; look it up again.',
      details: { path },
      cause,
    });
  });
  return { dev, ino, size, mtimeMs };
}

/** Whether launchd would run the very same thing: macOS pins the identity of the executable when it loads a job. */
function isSameJob(a: RegistrationRecord, b: RegistrationRecord): boolean {
  return (
    a.digest === b.digest &&
    a.plistPath === b.plistPath &&
    a.binary.dev === b.binary.dev &&
    a.binary.ino === b.binary.ino &&
    a.binary.size === b.binary.size &&
    a.binary.mtimeMs === b.binary.mtimeMs
  );
}
