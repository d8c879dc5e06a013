/** What every layer may use: errors, waits, logging, names and files, with no word of the domain above. */
export { writeFileAtomic } from './atomic-file.js';
export { Budget, type BudgetClock, type StepOptions, systemBudgetClock } from './budget.js';
export { abortedError, delay, MAX_TIMEOUT_MS, type WaitOptions, withDeadline } from './deadline.js';
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorKind,
  type ErrorOptions,
  EXIT_CODES,
  errorText,
  isLaunchportError,
  LaunchportError,
} from './errors.js';
export { DEFAULT_EVENT_BUFFER, type DroppedEvents, type EventOptions, EventStream } from './event-stream.js';
export { KeyedLock } from './keyed-lock.js';
export {
  jsonLogger,
  type LogFields,
  type Logger,
  type LogLevel,
  lineLogger,
  silentLogger,
} from './logger.js';
export {
  builtModule,
  moduleRoot,
  type PackageManifest,
  packageManifest,
  packageRoot,
} from './package-root.js';
export { printable } from './printable.js';
export { removeTree } from './remove-tree.js';
export { assertServiceName, MAX_SERVICE_NAME_BYTES } from './service-name.js';
export { settlesWithin } from './settles-within.js';
export { untilAborted } from './until-aborted.js';
