/** What `systemctl show` says, read as the state of a job. */
import { constants } from 'node:os';
import type { JobExit, JobState, JobStatus, ServiceTarget } from '../launchd/index.js';
import type { KeptStatus } from './units.js';

/** The properties that are asked for (org.freedesktop.systemd1(5)). */
export const SHOWN_PROPERTIES = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'MainPID',
  'Result',
  'ExecMainCode',
  'ExecMainStatus',
  'ExecMainStartTimestampMonotonic',
  'NRestarts',
] as const;

/** Properties of one unit, by name. */
export type UnitProperties = ReadonlyMap<string, string>;

/** Exit codes of systemd's own, for what fails before the program runs (systemd.exec(5), "Process Exit Codes"). */
const SPAWN_FAILURES: Readonly<Record<number, string>> = {
  200: 'the working directory cannot be entered',
  201: 'the nice value cannot be set',
  203: 'the program cannot be executed',
  205: 'a resource limit cannot be set',
  208: 'standard input cannot be opened',
  209: 'standard output cannot be opened',
  222: 'standard error cannot be opened',
};

/** Values of siginfo's si_code for SIGCHLD. */
const CLD = { exited: 1, killed: 2, dumped: 3 } as const;

/** Reads `Key=value` lines, one block per unit, by `Id`. */
export function parseShow(text: string): ReadonlyMap<string, UnitProperties> {
  const units = new Map<string, UnitProperties>();
  for (const block of text.split(/\n\s*\n/)) {
    const properties = new Map<string, string>();
    for (const line of block.split('\n')) {
      const at = line.indexOf('=');
      if (at > 0) properties.set(line.slice(0, at), line.slice(at + 1).trim());
    }
    const id = properties.get('Id');
    if (id !== undefined) units.set(id, properties);
  }
  return units;
}

/** Whether systemd knows the unit, or still has something of it running. */
export function isKnownUnit(properties: UnitProperties | undefined): boolean {
  if (properties === undefined) return false;
  const load = properties.get('LoadState');
  if (load !== 'not-found' && load !== 'masked') return true;
  return !['inactive', 'failed'].includes(properties.get('ActiveState') ?? '');
}

/** The state of a service; anything not understood is `unknown`. */
export function serviceState(properties: UnitProperties | undefined): JobState {
  const active = properties?.get('ActiveState');
  const sub = properties?.get('SubState');
  switch (active) {
    case 'inactive':
    case 'failed':
      return 'not running';
    case 'active':
      if (sub === 'exited') return 'not running';
      return sub === 'running' && pidOf(properties) !== undefined ? 'running' : 'unknown';
    case 'activating':
      // start-pre is where a job waits until its throttle interval is over.
      return sub !== undefined && /^(?:auto-restart(?:-queued)?|start-pre|start|condition)$/.test(sub)
        ? 'spawn scheduled'
        : 'unknown';
    case 'deactivating':
      return 'exiting';
    default:
      return 'unknown';
  }
}

/** The main process, while there is one. */
export function pidOf(properties: UnitProperties | undefined): number | undefined {
  const pid = numberOf(properties, 'MainPID');
  return pid === undefined || pid === 0 ? undefined : pid;
}

/** How the last run ended; undefined while it lasts, when there was none, and when that is not said. */
export function lastExitOf(properties: UnitProperties | undefined): JobExit | undefined {
  const code = numberOf(properties, 'ExecMainCode');
  const status = numberOf(properties, 'ExecMainStatus');
  if (code === undefined || status === undefined) return undefined;
  if (code === CLD.killed || code === CLD.dumped) return { kind: 'signaled', signal: signalName(status) };
  if (code !== CLD.exited) return undefined;
  const reason = properties?.get('Result') === 'success' ? undefined : SPAWN_FAILURES[status];
  return reason === undefined ? { kind: 'exited', code: status } : { kind: 'spawn failed', reason };
}

/**
 * A job's status. Who has checked in is not known to systemd: a running service counts as having done so. `runs` is
 * the automatic restarts and the last start, which is all that systemd counts.
 * @param sockets properties of the sockets, in the order of the endpoints' names
 */
export function jobStatus(
  target: ServiceTarget,
  label: string,
  service: UnitProperties | undefined,
  sockets: readonly (UnitProperties | undefined)[],
  kept: KeptStatus | undefined,
): JobStatus {
  const state = serviceState(service);
  const pid = pidOf(service);
  const lastExit = lastExitOf(service);
  const hasStarted = (numberOf(service, 'ExecMainStartTimestampMonotonic') ?? 0) > 0;
  const endpoints = [...(kept?.endpoints ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...kept,
    target,
    label,
    state,
    ...(pid === undefined ? {} : { pid }),
    runs: (numberOf(service, 'NRestarts') ?? 0) + (hasStarted ? 1 : 0),
    ...(lastExit === undefined ? {} : { lastExit }),
    arguments: kept?.arguments ?? [],
    endpoints: endpoints.map((endpoint, index) => ({
      ...endpoint,
      isActive: state === 'running',
      ...(sockets[index]?.get('SubState') === 'listening' ? { isWatched: true } : {}),
    })),
    ...(lastExit?.kind === 'spawn failed' ? { jobState: 'spawn failed' } : {}),
  };
}

function numberOf(properties: UnitProperties | undefined, key: string): number | undefined {
  const text = properties?.get(key);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}
