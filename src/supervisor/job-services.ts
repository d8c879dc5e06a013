/** The sockets of a job, from its side: when they are watched, and what becomes of them when a process lets go. */
import { errorText } from '../base/index.js';
import type { JobHost, JobInputs } from './job-host.js';

/** Waiting clients are the supervisor's business: each of them is a demand. */
export function watchServices({ endpoints }: JobInputs, { port }: JobHost): void {
  for (const { descriptor } of endpoints) port.watch(descriptor);
}

/** Waiting clients are the process's business. */
export function unwatchServices({ endpoints }: JobInputs, { port }: JobHost): void {
  for (const { descriptor } of endpoints) port.unwatch(descriptor);
}

/** No process has the services any more: HideUntilCheckIn and ResetAtClose take effect. What fails is logged. */
export function dropServices({ endpoints, settings }: JobInputs, { services, logger }: JobHost): void {
  for (const endpoint of endpoints) {
    try {
      if (endpoint.hideUntilCheckIn === true) services.conceal(endpoint);
      if (endpoint.resetAtClose === true) services.reset(endpoint);
    } catch (error) {
      logger.error(`job ${settings.label}: ${endpoint.name}: ${errorText(error)}`, { error });
    }
  }
}
