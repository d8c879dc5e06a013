/** What the conditions of a job's KeepAlive are about, looked up when they are asked for. */
import { parseServiceTarget, type ServiceTarget, serviceTarget } from '../launchd/index.js';
import type { JobHost } from './job-host.js';
import type { ConditionFacts } from './keep-alive.js';
import { exists, isFilled } from './path-monitor.js';

/** The facts as a job sees them: labels are those of its own domain. */
export function conditionFacts(
  target: ServiceTarget,
  host: Pick<JobHost, 'isLoaded' | 'isActive'>,
): ConditionFacts {
  const { domain } = parseServiceTarget(target);
  return {
    exists: (path) => exists(path),
    isFilled: (path) => isFilled(path),
    isLoaded: (label) => host.isLoaded(serviceTarget(domain, label)),
    isActive: (label) => host.isActive(serviceTarget(domain, label)),
  };
}
