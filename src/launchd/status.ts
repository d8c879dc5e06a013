/** Reads a job's state from `launchctl print DOMAIN/LABEL`, whose layout Apple does not promise. */
import type { JobEndpoint, JobExit, JobState, JobStatus, ServiceTarget } from './control.js';
import { darwinSignalName } from './exit-status.js';
import { entryLines, type PrintBlock, parsePrintBlock } from './print-block.js';

/** States by what is printed, in all releases known; anything else is `unknown`. */
const STATES: Readonly<Record<string, JobState>> = {
  running: 'running',
  'not running': 'not running',
  waiting: 'not running', // before macOS 10.15
  exited: 'not running',
  'spawn scheduled': 'spawn scheduled',
  spawning: 'spawn scheduled',
  xpcproxy: 'spawn scheduled', // the trampoline that has not yet become the program
  SIGTERMed: 'exiting',
  SIGKILLed: 'exiting',
};

/** EX_CONFIG of sysexits(3): launchd's helper exits with it when the program could not be started. */
const EX_CONFIG = 78;

/**
 * Reads what `print` wrote about `target`. Never throws. Only keys of the job itself count, not those of the blocks
 * inside it. A state is `running` only if the text says so, names a process, and does not contradict itself; text
 * that is not understood gives `unknown`.
 */
export function parsePrint(text: string, target: ServiceTarget): JobStatus {
  const label = target.slice(target.lastIndexOf('/') + 1);
  const job = jobBlock(text, target, label);
  if (job === undefined) return { target, label, state: 'unknown', runs: 0, arguments: [], endpoints: [] };
  const pid = positive(single(job, 'pid'));
  const path = single(job, 'path');
  const optional = {
    pid,
    lastExit: lastExitOf(job),
    reason: single(job, 'immediate reason'),
    pendedSpawn: pendedSpawnOf(job),
    path: path?.startsWith('/') ? path : undefined, // otherwise "(submitted by …)"
    program: single(job, 'program'),
    type: single(job, 'type'),
    domain: single(job, 'domain'),
    jobState: single(job, 'job state'),
    forks: count(job, 'forks'),
    execs: count(job, 'execs'),
    minimumRuntime: count(job, 'minimum runtime'),
    exitTimeout: count(job, 'exit timeout'),
    workingDirectory: single(job, 'working directory'),
    stdinPath: single(job, 'stdin path'),
    stdoutPath: single(job, 'stdout path'),
    stderrPath: single(job, 'stderr path'),
    username: single(job, 'username'),
    group: single(job, 'group'),
    umask: matched(job, 'umask', /^[0-7]{1,4}$/, 8),
    nice: matched(job, 'nice', /^-?\d{1,2}$/, 10),
    spawnType: single(job, 'spawn type'),
    environment: entryLines(job.blocks.get('environment')),
    semaphores: entryLines(job.blocks.get('semaphores')),
    properties: propertiesOf(job),
  };
  return {
    target,
    label,
    state: stateOf(job, pid),
    runs: positive(single(job, 'runs')) ?? 0,
    ...definedOnly(optional),
    arguments: job.blocks.get('arguments') ?? [],
    endpoints: [
      ...endpointsOf(job.blocks.get('endpoints')),
      ...endpointsOf(job.blocks.get('dynamic endpoints')).map((each) => ({ ...each, isDynamic: true })),
    ],
  };
}

/** The block of the job: its first line names the target, or the bare label up to macOS 10.14. */
function jobBlock(text: string, target: string, label: string): PrintBlock | undefined {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const first = lines.findIndex((line) => line.trim() !== '');
  const header = /^(\S+) = \{$/.exec(lines[first] ?? '')?.[1];
  // The same job may be shown under another name of its domain: gui/501 as login/100015.
  if (header === undefined || (header !== target && header !== label && !header.endsWith(`/${label}`)))
    return undefined;
  const end = lines.lastIndexOf('}');
  return end > first ? parsePrintBlock(lines.slice(first + 1, end)) : undefined;
}

function stateOf(job: PrintBlock, pid: number | undefined): JobState {
  const printed = single(job, 'state');
  const state = printed !== undefined && Object.hasOwn(STATES, printed) ? STATES[printed] : undefined;
  if (state === undefined) return 'unknown';
  if (state !== 'running') return state;
  // On newer releases `job state` is the franker of the two.
  const jobState = single(job, 'job state') ?? 'running';
  return pid === undefined || jobState !== 'running' ? 'unknown' : state;
}

function lastExitOf(job: PrintBlock): JobExit | undefined {
  const code = single(job, 'last exit code');
  if (single(job, 'job state') === 'spawn failed') {
    return { kind: 'spawn failed', reason: single(job, 'last exit reason') ?? code ?? 'spawn failed' };
  }
  const reason = single(job, 'last exit reason');
  if (reason?.includes('CODESIGNING')) return { kind: 'spawn failed', reason };
  const signal = /^(?:(.*): )?(\d+)$/.exec(single(job, 'last terminating signal') ?? '')?.[2];
  if (signal !== undefined) {
    return { kind: 'signaled', signal: darwinSignalName(Number(signal)), ...definedOnly({ reason }) };
  }
  const name = /^SIG[A-Z0-9+-]+$/.exec(single(job, 'last terminating signal') ?? '')?.[0];
  if (name !== undefined) return { kind: 'signaled', signal: name, ...definedOnly({ reason }) };
  // Every other reason, such as memory pressure, is a kill by the system.
  if (reason !== undefined) return { kind: 'signaled', signal: 'SIGKILL', reason };
  const number = /^(\d+)(?:: .*)?$/.exec(code ?? '')?.[1];
  if (number === undefined) return undefined; // "(never exited)"
  const isSpawnFailure = Number(number) === EX_CONFIG && propertiesOf(job)?.includes('penalty box');
  if (isSpawnFailure === true) return { kind: 'spawn failed', reason: code ?? '' };
  return { kind: 'exited', code: Number(number) };
}

/** What is held back; some releases print the key with a `no` when nothing is. */
function pendedSpawnOf(job: PrintBlock): string | undefined {
  const value = single(job, 'pended nondemand spawn');
  return value !== undefined && /^(?:0|false|no|none|\(none\))$/.test(value) ? undefined : value;
}

/** `properties = a | b`, or up to macOS 10.14 a block of `a = 1` lines. */
function propertiesOf(job: PrintBlock): readonly string[] | undefined {
  const line = single(job, 'properties');
  if (line !== undefined) return line === '' ? [] : line.split(' | ');
  const lines = job.blocks.get('properties');
  if (lines === undefined) return undefined;
  const block = parsePrintBlock(lines);
  return [...(block?.values ?? [])].filter(([, values]) => values[0] === '1').map(([name]) => name);
}

function endpointsOf(lines: readonly string[] | undefined): JobEndpoint[] {
  const block = parsePrintBlock(lines ?? []);
  return [...(block?.blocks ?? [])].map(([name, inner]) => {
    const endpoint = parsePrintBlock(inner);
    const isSet = (key: string) => endpoint !== undefined && single(endpoint, key) === '1';
    return {
      name,
      isActive: isSet('active'),
      ...(isSet('watching') ? { isWatched: true } : {}),
      ...(isSet('reset') ? { resetAtClose: true } : {}),
      ...(isSet('hide') ? { hideUntilCheckIn: true } : {}),
    };
  });
}

/** The value of a key; undefined when the key is missing or printed with different values. */
function single(block: PrintBlock, key: string): string | undefined {
  const values = block.values.get(key);
  return values?.length === 1 ? values[0] : undefined;
}

function positive(text: string | undefined): number | undefined {
  if (text === undefined || !/^[1-9][0-9]{0,14}$/.test(text)) return undefined;
  return Number(text);
}

function count(job: PrintBlock, key: string): number | undefined {
  return matched(job, key, /^[0-9]{1,15}$/, 10);
}

function matched(job: PrintBlock, key: string, pattern: RegExp, radix: number): number | undefined {
  const text = single(job, key);
  return text !== undefined && pattern.test(text) ? Number.parseInt(text, radix) : undefined;
}

function definedOnly<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
