/** A job as launchctl shows it. */
import type { JobExit, JobState, JobStatus, JobSummary } from '../launchd/index.js';
import { listStatus } from './exit-status.js';
import type { JobInputs } from './job-host.js';

/** What is shown of a job besides what it was made of. */
export interface JobFacts {
  readonly state: JobState;
  /** Undefined while no process exists. */
  readonly pid: number | undefined;
  readonly runs: number;
  readonly lastExit: JobExit | undefined;
  /** Why it was last started. */
  readonly reason: string | undefined;
  /** Services its process has taken. */
  readonly checkedIn?: ReadonlySet<string> | undefined;
}

/** As `launchctl print` shows it. */
export function renderStatus(inputs: JobInputs, facts: JobFacts): JobStatus {
  const { target, path, settings, endpoints } = inputs;
  const { state, pid, runs, lastExit, reason, checkedIn } = facts;
  return {
    target,
    label: settings.label,
    state,
    ...(pid === undefined ? {} : { pid }),
    runs,
    ...(lastExit === undefined ? {} : { lastExit }),
    ...(reason === undefined ? {} : { reason }),
    path,
    program: settings.program,
    arguments: settings.args,
    endpoints: endpoints.map(({ name }) => ({ name, isActive: checkedIn?.has(name) ?? false })),
  };
}

/** As `launchctl list` shows it. */
export function renderSummary({ settings }: JobInputs, { pid, lastExit }: JobFacts): JobSummary {
  return { label: settings.label, ...(pid === undefined ? {} : { pid }), status: listStatus(lastExit) };
}
