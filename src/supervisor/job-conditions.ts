/** What the conditions of a job's KeepAlive are about, looked up when they are asked for. */
import { parseServiceTarget, type ServiceTarget, serviceTarget } from '../launchd/index.js';
import type { JobHistory } from './job-history.js';
import type { JobHost, JobInputs } from './job-host.js';
import { type ConditionFacts, holdsNow, wantsRestart } from './keep-alive.js';
import { exists, isFilled } from './path-monitor.js';

/** Whether KeepAlive wants the job to run as things stand, its last end included. */
export function isWanted(
  { target, settings }: JobInputs,
  { runs, lastExit }: JobHistory,
  host: JobHost,
): boolean {
  const { keepAlive } = settings;
  if (keepAlive.isAfterInitialDemand === true && runs === 0) return false;
  if (keepAlive.isUnconditional || (lastExit !== undefined && wantsRestart(keepAlive, lastExit))) return true;
  return holdsNow(keepAlive, conditionFacts(target, host));
}

/** The facts as a job sees them: labels are those of its own domain. */
function conditionFacts(target: ServiceTarget, host: Pick<JobHost, 'isLoaded' | 'isActive'>): ConditionFacts {
  const { domain } = parseServiceTarget(target);
  return {
    exists: (path) => exists(path),
    isFilled: (path) => isFilled(path),
    isLoaded: (label) => host.isLoaded(serviceTarget(domain, label)),
    isActive: (label) => host.isActive(serviceTarget(domain, label)),
  };
}
