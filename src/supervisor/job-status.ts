/** A job as launchctl shows it. */
import {
  type JobExit,
  type JobState,
  type JobStatus,
  type JobSummary,
  parseServiceTarget,
} from '../launchd/index.js';
import { listStatus } from './exit-status.js';
import type { JobInputs } from './job-host.js';
import { semaphores } from './keep-alive.js';

/** idle → spawning → running → exiting → idle, and removed at the end. */
export type JobPhase = 'idle' | 'spawning' | 'running' | 'exiting' | 'removed';

/** launchd's word for it. */
export function stateOf(phase: JobPhase, isStartAhead: boolean): JobState {
  if (phase === 'running' || phase === 'exiting') return phase;
  return isStartAhead ? 'spawn scheduled' : 'not running';
}

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
  const { domain } = parseServiceTarget(target);
  const { stdio, umask, nice, identity, keepAlive } = settings;
  const conditions = semaphores(keepAlive);
  const jobState = jobStateOf(facts);
  const properties = propertiesOf(inputs, facts);
  return {
    target,
    label: settings.label,
    type: domain === 'system' ? 'LaunchDaemon' : 'LaunchAgent',
    domain,
    state,
    ...(jobState === undefined ? {} : { jobState }),
    ...(pid === undefined ? {} : { pid }),
    runs,
    ...(lastExit === undefined ? {} : { lastExit }),
    ...(reason === undefined ? {} : { reason }),
    path,
    program: settings.program,
    arguments: settings.args,
    workingDirectory: settings.workingDirectory,
    ...(stdio.input === undefined ? {} : { stdinPath: stdio.input }),
    ...(stdio.output === undefined ? {} : { stdoutPath: stdio.output }),
    ...(stdio.error === undefined ? {} : { stderrPath: stdio.error }),
    ...(Object.keys(settings.environment).length === 0 ? {} : { environment: settings.environment }),
    ...(identity.user === undefined ? {} : { username: identity.user }),
    ...(identity.group === undefined ? {} : { group: identity.group }),
    ...(umask === undefined ? {} : { umask }),
    ...(nice === undefined ? {} : { nice }),
    minimumRuntime: settings.throttleInterval / 1000,
    exitTimeout: settings.exitTimeout / 1000,
    ...(Object.keys(conditions).length === 0 ? {} : { semaphores: conditions }),
    ...(properties.length === 0 ? {} : { properties }),
    endpoints: endpoints.map(({ name, resetAtClose, hideUntilCheckIn }) => ({
      name,
      isActive: checkedIn?.has(name) ?? false,
      ...(state === 'not running' ? { isWatched: true } : {}),
      ...(resetAtClose === undefined ? {} : { resetAtClose }),
      ...(hideUntilCheckIn === undefined ? {} : { hideUntilCheckIn }),
    })),
  };
}

/** launchd's words; a job that never ran has none. */
function jobStateOf({ state, lastExit, pid }: JobFacts): string | undefined {
  if (pid !== undefined) return state;
  if (lastExit?.kind === 'spawn failed') return 'spawn failed';
  return lastExit === undefined ? undefined : 'exited';
}

function propertiesOf({ settings, endpoints }: JobInputs, { lastExit }: JobFacts): string[] {
  const isSo: readonly (readonly [string, boolean])[] = [
    ['keepalive', settings.keepAlive.isUnconditional],
    ['runatload', settings.isStartedAtLoad],
    ['launch only once', settings.isRunOnce],
    ['abandon process group', settings.isGroupAbandoned],
    ['start interval', settings.startInterval !== undefined],
    ['calendar interval', settings.calendar.length > 0],
    ['watch paths', settings.watchPaths.length > 0],
    ['has services', endpoints.length > 0],
    ['penalty box', lastExit?.kind === 'spawn failed'],
  ];
  return isSo.filter(([, holds]) => holds).map(([name]) => name);
}

/** As `launchctl list` shows it. */
export function renderSummary({ settings }: JobInputs, { pid, lastExit }: JobFacts): JobSummary {
  return { label: settings.label, ...(pid === undefined ? {} : { pid }), status: listStatus(lastExit) };
}
