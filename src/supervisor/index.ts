/** An embedded launchd for systems without one. */
export { type Clock, systemClock } from './clock.js';
export { standardPath } from './environment.js';
export { DEFAULT_EXIT_TIMEOUT_SECONDS } from './job-settings.js';
export { Supervisor, type SupervisorOptions } from './supervisor.js';
export { DEFAULT_THROTTLE_SECONDS } from './throttle.js';
export type { JobTransition } from './transition.js';
