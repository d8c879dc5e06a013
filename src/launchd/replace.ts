/** Loads a job anew from its plist, under any control. */
import { type Budget, isLaunchportError, LaunchportError, withDeadline } from '../base/index.js';
import type { ControlOptions, DomainTarget, JobStatus, LaunchControl, ServiceTarget } from './control.js';
import { type ClockOption, controlBudget, drainMilliseconds, spentError } from './control-call.js';
import { parseDomainTarget, serviceTarget } from './domain.js';
import { ensureRunning } from './ensure-running.js';
import { inTurn, stopNow } from './ensure-stopped.js';
import { jobFailure } from './meaning.js';
import { readJobPlist } from './plist-file.js';
import type { JobDefinition } from './plist-schema.js';
import { fitsDomain } from './session.js';

/** How a job was replaced. */
export interface Replacement {
  readonly target: ServiceTarget;
  /** The job as it is now. */
  readonly status: JobStatus;
  /** A job of this label was loaded before. */
  readonly wasLoaded: boolean;
}

/**
 * Unloads the job of the plist's label if one is loaded, waits until it is gone, and loads the plist. A job that had
 * a process has a new one when this resolves. What is wrong with the plist, and whether the job is disabled, is found
 * out before anything is unloaded. macOS ties a job to the identity of its program as it was when the job was loaded:
 * after a program was replaced on disk this, not a kickstart, is the way to restart it.
 * @throws LaunchportError as `bootstrap`, `bootout` and {@link ensureRunning}. When `details.isUnloaded` is true, the
 * former job is gone and the new one is not there
 */
export async function replace(
  control: LaunchControl,
  domain: DomainTarget,
  plistPath: string,
  options: ControlOptions & ClockOption = {},
): Promise<Replacement> {
  const checked = parseDomainTarget(domain);
  const reading = controlBudget(`reading ${plistPath}`, options, options.clock);
  const { definition } = await withDeadline(
    reading.what,
    { timeout: reading.remaining, signal: reading.signal },
    () => spentError(reading.what, { path: plistPath }),
    () => readJobPlist(plistPath),
  );
  const target = serviceTarget(checked, definition.Label);
  const old = await control.print(target, reading.rest());
  // The former job's time to end, then the time to load and see the new one.
  const least = drainMilliseconds(old?.exitTimeout) + drainMilliseconds(definition.ExitTimeOut);
  const budget = controlBudget(`replacing ${target}`, options, options.clock, least);
  return inTurn(control, target, budget, async () => {
    await assertLoadable(control, target, checked, definition, budget);
    return reload(control, { target, domain: checked, plistPath }, budget);
  });
}

async function reload(
  control: LaunchControl,
  job: { readonly target: ServiceTarget; readonly domain: DomainTarget; readonly plistPath: string },
  budget: Budget,
): Promise<Replacement> {
  const { target, domain, plistPath } = job;
  const before = await control.print(target, budget.rest());
  let wasLoaded = before !== undefined;
  if (wasLoaded) await stopNow(control, target, budget);
  try {
    for (;;) {
      try {
        await control.bootstrap(domain, plistPath, budget.rest());
        break;
      } catch (error) {
        // Another process loaded the label in between, perhaps with another definition.
        if (!isLaunchportError(error, 'ERR_LAUNCHD_ALREADY_LOADED')) throw error;
        wasLoaded = (await stopNow(control, target, budget)) || wasLoaded;
      }
    }
  } catch (error) {
    throw wasLoaded ? unloaded(error) : error;
  }
  const status =
    before?.pid === undefined
      ? await control.print(target, budget.rest())
      : await ensureRunning(control, target, { ...budget.rest(), clock: budget.clock });
  if (status !== undefined) return { target, status, wasLoaded };
  const hint = 'Another process does the same job; let one of them do it.';
  throw jobFailure('ERR_LAUNCHD_NOT_LOADED', 'notFound', `${target} was unloaded again at once`, hint, {
    target,
  });
}

/** What would refuse the new definition must not cost the job that is loaded. */
async function assertLoadable(
  control: LaunchControl,
  target: ServiceTarget,
  domain: DomainTarget,
  definition: JobDefinition,
  budget: Budget,
): Promise<void> {
  const overrides = await control.overrides(domain, budget.rest());
  if (overrides.get(definition.Label) ?? definition.Disabled ?? false) {
    const hint = 'Enable it first, if the user agrees.';
    throw jobFailure('ERR_LAUNCHD_DISABLED', 'disabled', `${target} is disabled`, hint, { target });
  }
  if (control.kind !== 'launchctl' || fitsDomain(definition, domain)) return;
  const hint = 'Set LimitLoadToSessionType to the kind of the domain, or choose another domain.';
  const text = `${target} is not meant for this kind of session`;
  throw jobFailure('ERR_LAUNCHD_PLIST', 'sessionMismatch', text, hint, { target });
}

function unloaded(error: unknown): unknown {
  if (!isLaunchportError(error)) return error;
  return new LaunchportError(error.code, `${error.message}; the former job is unloaded`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: { ...error.details, isUnloaded: true },
    cause: error,
  });
}
