/** The sockets of a job, from its side: when they are watched, and what becomes of them when a process lets go. */
import { errorText } from '../base/index.js';
import type { JobHost, JobInputs } from './job-host.js';
import type { ServiceEndpoint } from './service-registry.js';

/** Waiting clients are the supervisor's business: each of them is a demand. */
export function watchServices({ endpoints }: JobInputs, { port }: JobHost): void {
  for (const { descriptor } of endpoints) port.watch(descriptor);
}

/** Waiting clients are the process's business. */
export function unwatchServices({ endpoints }: JobInputs, { port }: JobHost): void {
  for (const { descriptor } of endpoints) port.unwatch(descriptor);
}

/** The process has taken the service: everybody finds it now. What fails is logged. */
export function revealService(name: string, inputs: JobInputs, host: JobHost): void {
  for (const endpoint of inputs.endpoints) {
    if (endpoint.name === name) logged(endpoint, inputs, host, () => host.services.reveal(endpoint));
  }
}

/** No process has the services any more: HideUntilCheckIn and ResetAtClose take effect. What fails is logged. */
export function dropServices(inputs: JobInputs, host: JobHost): void {
  for (const endpoint of inputs.endpoints) {
    logged(endpoint, inputs, host, () => {
      if (endpoint.hideUntilCheckIn === true) host.services.conceal(endpoint);
      if (endpoint.resetAtClose === true) host.services.reset(endpoint);
    });
  }
}

/** The job goes on without: nothing of its own state depends on it. */
function logged(
  { name }: ServiceEndpoint,
  { settings }: JobInputs,
  { logger }: JobHost,
  work: () => void,
): void {
  try {
    work();
  } catch (error) {
    logger.error(`job ${settings.label}: ${name}: ${errorText(error)}`, { error });
  }
}
