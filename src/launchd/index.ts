/** Jobs, their plists, addresses and state, and the control interface of launchd. Needs no addon. */
export { type CommandOptions, type CommandResult, type CommandRunner, runCommand } from './command-runner.js';
export type {
  ControlOptions,
  DomainTarget,
  JobEndpoint,
  JobExit,
  JobState,
  JobStatus,
  JobSummary,
  LaunchControl,
  ManagerName,
  ServiceTarget,
} from './control.js';
export { domainForManager, parseDomainTarget, parseServiceTarget, serviceTarget } from './domain.js';
export { ensureRunning } from './ensure-running.js';
export { ensureStopped } from './ensure-stopped.js';
export { decodeWaitStatus } from './exit-status.js';
export { assertLabel, isLabel, MAX_LABEL_BYTES } from './label.js';
export { LaunchctlControl, type LaunchctlOptions } from './launchctl.js';
export {
  type ListedJob,
  parseList,
  parseListedJob,
  parseManagerName,
  parsePrintDisabled,
} from './listings.js';
export { type ControlMeaning, controlMeaning } from './meaning.js';
export { buildJobPlist, type ParsedJobPlist, parseJobPlist } from './plist.js';
export { MAX_PLIST_BYTES } from './plist-decode.js';
export { readJobPlist, writeJobPlist } from './plist-file.js';
export type { LaunchdSystem, LintOptions, PlistFinding } from './plist-finding.js';
export { lintJobPlist } from './plist-lint.js';
export { ignoredKeys } from './plist-lint-keys.js';
export type { JobDefinition, JobDefinitionInput } from './plist-schema.js';
export { PlistReal } from './plist-value.js';
export { renderPrint } from './print-render.js';
export { type Replacement, replace } from './replace.js';
export { fitsDomain, SESSION_TYPES, sessionLimit, sessionOf } from './session.js';
export { parsePrint } from './status.js';
export { jobStatusJson } from './status-json.js';
export { type JobCondition, waitFor } from './wait-for.js';
