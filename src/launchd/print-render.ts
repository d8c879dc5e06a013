/** Writes a job's state in the layout of `launchctl print`. */
import { printable } from '../base/index.js';
import type { JobEndpoint, JobExit, JobState, JobStatus } from './control.js';
import { signalDescription } from './exit-status.js';

const STATES: Partial<Readonly<Record<JobState, string>>> = { exiting: 'SIGTERMed' };

/** Names of sysexits(3), which launchctl adds to the codes. */
const SYSEXITS: Readonly<Record<number, string>> = {
  64: 'EX_USAGE',
  65: 'EX_DATAERR',
  66: 'EX_NOINPUT',
  67: 'EX_NOUSER',
  68: 'EX_NOHOST',
  69: 'EX_UNAVAILABLE',
  70: 'EX_SOFTWARE',
  71: 'EX_OSERR',
  72: 'EX_OSFILE',
  73: 'EX_CANTCREAT',
  74: 'EX_IOERR',
  75: 'EX_TEMPFAIL',
  76: 'EX_PROTOCOL',
  77: 'EX_NOPERM',
  78: 'EX_CONFIG',
};

type Line = readonly [key: string, value: string | number | undefined];

/**
 * Writes what `launchctl print` would, as far as the status tells it. `parsePrint` reads the same status from it. Text
 * that holds a line break or another control character has it escaped, so that no argument can pass for a state.
 */
export function renderPrint(status: JobStatus): string {
  const { lastExit } = status;
  const groups: readonly (readonly string[])[] = [
    keyed([
      ['active count', status.pid === undefined ? 0 : 1],
      ['path', status.path],
      ['type', status.type],
      ['state', STATES[status.state] ?? status.state],
    ]),
    [...keyed([['program', status.program]]), ...block('arguments', status.arguments)],
    keyed([['working directory', status.workingDirectory]]),
    [
      ...keyed([
        ['stdin path', status.stdinPath],
        ['stdout path', status.stdoutPath],
        ['stderr path', status.stderrPath],
      ]),
      ...entries('environment', status.environment),
    ],
    keyed([
      ['domain', status.domain],
      ['username', status.username],
      ['group', status.group],
      ['umask', status.umask?.toString(8)],
      ['nice', status.nice],
      ['minimum runtime', status.minimumRuntime],
      ['exit timeout', status.exitTimeout],
      ['runs', status.runs],
      ['pid', status.pid],
      ['immediate reason', status.reason],
      ['pended nondemand spawn', status.pendedSpawn],
      ['forks', status.forks],
      ['execs', status.execs],
      ...exitLines(lastExit),
    ]),
    entries('semaphores', status.semaphores),
    endpoints(
      'endpoints',
      status.endpoints.filter((each) => each.isDynamic !== true),
    ),
    endpoints(
      'dynamic endpoints',
      status.endpoints.filter((each) => each.isDynamic === true),
    ),
    keyed([
      ['spawn type', status.spawnType],
      ['job state', status.jobState ?? (needsJobState(status) ? 'spawn failed' : undefined)],
    ]),
    keyed([['properties', status.properties?.join(' | ')]]),
  ];
  const body = groups.filter((group) => group.length > 0).map((group) => indented(group).join('\n'));
  return `${status.target} = {\n${body.join('\n\n')}\n}\n`;
}

/** Exactly one of the three keys that launchctl has for it; a reason besides, where there is one. */
function exitLines(exit: JobExit | undefined): readonly Line[] {
  if (exit === undefined) return [['last exit code', '(never exited)']];
  switch (exit.kind) {
    case 'exited': {
      const name = SYSEXITS[exit.code];
      return [['last exit code', name === undefined ? exit.code : `${exit.code}: ${name}`]];
    }
    case 'signaled':
      return [
        ['last terminating signal', signalDescription(exit.signal)],
        ['last exit reason', exit.reason],
      ];
    case 'spawn failed':
      return [[/^\d/.test(exit.reason) ? 'last exit code' : 'last exit reason', exit.reason]];
    case 'unknown':
      return [['last exit reason', 'unknown']];
  }
}

/** Whether only `job state` can tell that the job could not be started: a bad signature and the penalty box tell it too. */
function needsJobState({ lastExit, properties = [] }: JobStatus): boolean {
  if (lastExit?.kind !== 'spawn failed' || lastExit.reason.includes('CODESIGNING')) return false;
  return !(lastExit.reason.startsWith('78') && properties.includes('penalty box'));
}

function endpoints(name: string, all: readonly JobEndpoint[]): readonly string[] {
  if (all.length === 0) return [];
  const flag = (value: boolean | undefined) => (value === true ? 1 : 0);
  return block(
    name,
    all.flatMap((endpoint) =>
      block(
        `"${endpoint.name}"`,
        keyed([
          ['active', flag(endpoint.isActive)],
          ['managed', flag(endpoint.isDynamic !== true)],
          ['reset', flag(endpoint.resetAtClose)],
          ['hide', flag(endpoint.hideUntilCheckIn)],
          ['watching', flag(endpoint.isWatched)],
        ]),
      ),
    ),
  );
}

function entries(name: string, values: Readonly<Record<string, string>> | undefined): readonly string[] {
  if (values === undefined) return [];
  return block(
    name,
    Object.entries(values).map(([key, value]) => `${key} => ${value}`),
  );
}

function block(name: string, lines: readonly string[]): readonly string[] {
  return [`${name} = {`, ...indented(lines.map(visible)), '}'];
}

function keyed(lines: readonly Line[]): readonly string[] {
  return lines.flatMap(([key, value]) => (value === undefined ? [] : [visible(`${key} = ${value}`)]));
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `\t${line}`);
}

/** Tabs at the start are the layout's own. */
function visible(line: string): string {
  return printable(line, '\t');
}
