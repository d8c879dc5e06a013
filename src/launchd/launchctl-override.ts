/** The database of jobs that were enabled or disabled by hand: `launchctl enable`, `disable` and `print-disabled`. */
import type { Budget } from '../base/index.js';
import type { DomainTarget, ServiceTarget } from './control.js';
import { parseServiceTarget } from './domain.js';
import { type LaunchctlCall, launchctlFailure, unknownOutcome } from './failure.js';
import type { LaunchctlTool } from './launchctl-tool.js';
import { parsePrintDisabled } from './listings.js';

/** Verbs that change the database. */
export type OverrideVerb = 'enable' | 'disable';

/**
 * Enables or disables a label, loaded or not. Without an answer, the database tells what came of it.
 * @throws LaunchportError by the number launchctl gave; ERR_LAUNCHD_UNKNOWN_OUTCOME
 */
export async function overrideJob(
  tool: LaunchctlTool,
  verb: OverrideVerb,
  target: ServiceTarget,
  budget: Budget,
): Promise<void> {
  const { domain, label } = parseServiceTarget(target);
  const call: LaunchctlCall = { arguments: [verb, target], domain, label };
  const result = await tool.run(call, budget);
  if (result.exitStatus === 0) return;
  if (result.exitStatus !== undefined) throw launchctlFailure(call, result);
  const overrides =
    budget.remaining > 0 ? await readOverrides(tool, domain, budget).catch(() => undefined) : undefined;
  if (overrides?.get(label) === (verb === 'disable')) return;
  throw unknownOutcome(
    call,
    overrides === undefined ? 'nothing is known' : 'it has had no effect yet',
    result,
  );
}

/**
 * Labels with an override in a domain, true for disabled.
 * @throws LaunchportError by the number launchctl gave; ERR_LAUNCHD_UNKNOWN_OUTCOME
 */
export async function readOverrides(
  tool: LaunchctlTool,
  domain: DomainTarget,
  budget: Budget,
): Promise<ReadonlyMap<string, boolean>> {
  return parsePrintDisabled(await tool.read({ arguments: ['print-disabled', domain], domain }, budget));
}
