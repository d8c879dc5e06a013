/** An embedded launchd for systems without one. */
export { type Clock, systemClock } from './clock.js';
export { standardPath } from './environment.js';
export { DEFAULT_EVENT_BUFFER, type EventOptions, type JobEvent } from './event-stream.js';
export { DEFAULT_EXIT_TIMEOUT_SECONDS } from './job-settings.js';
export {
  type ServedSupervisor,
  SUPERVISOR_PROTOCOL,
  SUPERVISOR_SERVICE,
  SupervisorClient,
  type SupervisorClientOptions,
  type SupervisorInfo,
  SupervisorServer,
  type SupervisorServerOptions,
} from './remote/index.js';
export { inspectStateDirectory, type StateDirectoryReport } from './state-directory.js';
export { Supervisor } from './supervisor.js';
export type { SupervisorOptions } from './supervisor-options.js';
export { DEFAULT_THROTTLE_SECONDS } from './throttle.js';
export type { JobTransition } from './transition.js';
