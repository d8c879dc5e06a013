/** Starts a job that is to run at once, when launchd has loaded it but holds the start back. */
import { type Budget, isLaunchportError } from '../base/index.js';
import type { ServiceTarget } from './control.js';
import { parseServiceTarget } from './domain.js';
import type { LaunchctlTool } from './launchctl-tool.js';
import type { JobDefinition } from './plist-schema.js';

/** Milliseconds for the kickstart: one of a job that cannot be started may hang. */
const KICKSTART_MS = 5000;

/**
 * launchd may answer a bootstrap and never start the job: RunAtLoad and KeepAlive are no demand to it, and on battery
 * or while a login is restored it serves demand only. A job that has never run is given a plain kickstart, which is
 * demand. What comes of that is for `ensureRunning` to say: the job is loaded, which is all that was asked.
 * @throws LaunchportError ERR_ABORTED
 */
export async function startPended(
  tool: LaunchctlTool,
  { target, definition }: { readonly target: ServiceTarget; readonly definition: JobDefinition },
  budget: Budget,
): Promise<void> {
  if (!startsAtLoad(definition)) return;
  try {
    const probe = await tool.probe(target, budget);
    if (probe.kind !== 'loaded') return;
    const { state, runs } = probe.status;
    if (state !== 'not running' || runs > 0) return;
    const call = { arguments: ['kickstart', target], ...parseServiceTarget(target) };
    await tool.run(call, budget.within(KICKSTART_MS));
  } catch (error) {
    if (isLaunchportError(error, 'ERR_ABORTED')) throw error;
  }
}

/** Whether loading the job is to start it: RunAtLoad, KeepAlive, and the conditions of KeepAlive that imply a first run. */
export function startsAtLoad({ RunAtLoad, KeepAlive }: JobDefinition): boolean {
  if (RunAtLoad === true || KeepAlive === true) return true;
  if (typeof KeepAlive !== 'object' || KeepAlive.AfterInitialDemand === true) return false;
  return KeepAlive.SuccessfulExit !== undefined || KeepAlive.Crashed !== undefined;
}
