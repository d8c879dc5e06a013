/** Jobs, their plists, addresses and state, and the control interface of launchd. Needs no addon. */
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
export { assertLabel, isLabel, MAX_LABEL_BYTES } from './label.js';
export { buildJobPlist, type ParsedJobPlist, parseJobPlist } from './plist.js';
export { readJobPlist, writeJobPlist } from './plist-file.js';
export type { JobDefinition, JobDefinitionInput } from './plist-schema.js';
