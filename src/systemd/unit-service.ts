/** The .service of a job: the process, its surroundings and how it is restarted and stopped. */
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { JobDefinition } from '../launchd/index.js';
import { restartSettings } from './unit-restart.js';
import { escapeSpecifiers, quoteWord, type Setting, unfit, wholeLine } from './unit-text.js';

/** Seconds, as the embedded supervisor has them. */
export const DEFAULT_EXIT_TIMEOUT_S = 5;
export const DEFAULT_THROTTLE_S = 10;

/** Directories of PATH after the one of the running Node. */
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
/** Set here or by systemd; a job cannot set them. */
const RESERVED = /^(?:XPC_SERVICE_NAME|LAUNCHPORT_BOOTSTRAP|LISTEN_\w+)$/;

const LIMITS = {
  Core: 'CORE',
  CPU: 'CPU',
  Data: 'DATA',
  FileSize: 'FSIZE',
  MemoryLock: 'MEMLOCK',
  NumberOfFiles: 'NOFILE',
  NumberOfProcesses: 'NPROC',
  ResidentSetSize: 'RSS',
  Stack: 'STACK',
} as const;

/** launchd's way of writing no limit. */
const NO_LIMIT = 0x7fff_ffff_ffff_ffffn;

/**
 * Waits until N seconds after the last start. systemd counts RestartSec= from the end of a run, and not at all for a
 * start that a socket triggers: a job that ends before it accepts would be started again without a pause.
 */
const THROTTLE = [
  'mkdir -p "$(dirname "$1")"',
  'read -r now _ </proc/uptime; now="$(echo "$now" | cut -d. -f1)"',
  'last="$(cat "$1" 2>/dev/null)" && wait="$((last + $2 - now))" && [ "$wait" -gt 0 ] && [ "$wait" -le "$2" ] && sleep "$wait"',
  'cut -d. -f1 /proc/uptime >"$1"',
].join('; ');

/** Where a job's last start is noted. */
export function throttlePath(directory: string, stem: string): string {
  return join(directory, stem);
}

/** What the settings depend on besides the plist. */
export interface ServiceContext {
  readonly stem: string;
  readonly bootstrap: string;
  readonly throttle: string;
  readonly warn: (key: string, message: string) => void;
}

/** The settings of the section [Service]. @throws LaunchportError ERR_LAUNCHD_PLIST */
export function serviceSettings(
  definition: JobDefinition,
  sockets: readonly string[],
  context: ServiceContext,
): Setting[] {
  const throttle = definition.ThrottleInterval ?? DEFAULT_THROTTLE_S;
  const exitTimeout = definition.ExitTimeOut ?? DEFAULT_EXIT_TIMEOUT_S;
  return [
    ['Type', 'exec'],
    ...throttleSettings(throttle, context),
    ['ExecStart', commandLine(definition, context)],
    ...sockets.map((socket): Setting => ['Sockets', socket]),
    ...environmentSettings(definition, context),
    ...placeSettings(definition, context),
    ...streamSettings(definition, context),
    ...limitSettings(definition, context),
    ...priorityWords(definition, context),
    ['KillMode', definition.AbandonProcessGroup === true ? 'process' : 'control-group'],
    ['TimeoutStopSec', exitTimeout === 0 ? 'infinity' : String(exitTimeout)],
    ...restartSettings(definition),
    // The rest of the pause, counted from the last start, is in ExecStartPre.
    ['RestartSec', throttle === 0 ? '0' : '100ms'],
    ...(definition.LaunchOnlyOnce === true ? [['RemainAfterExit', 'yes'] as const] : []),
  ];
}

function throttleSettings(seconds: number, { throttle, stem }: ServiceContext): Setting[] {
  if (seconds === 0) return [];
  const words = ['-:/bin/sh', '-c', THROTTLE, 'throttle', throttlePath(throttle, stem), String(seconds)];
  const line = words.map((word) => quoteWord(word, 'the runtime directory')).join(' ');
  return [
    ['ExecStartPre', line],
    ['TimeoutStartSec', 'infinity'],
  ];
}

/** With `:`, so that nothing in the arguments stands for a variable. */
function commandLine(definition: JobDefinition, { warn }: ServiceContext): string {
  const [first, ...rest] = definition.ProgramArguments ?? [];
  const program = definition.Program ?? first;
  if (program === undefined) throw unfit('Program', '', 'is missing');
  // systemd refuses these even in quotes.
  if (program === '' || /["'\\\p{Cc}]/u.test(program))
    throw unfit('Program', program, 'is empty or has a quote, a backslash or a control character');
  if (!isAbsolute(program)) {
    if (program.includes('/')) throw unfit('ProgramArguments', program, 'begins with a relative path');
    warn('ProgramArguments', `systemd looks for ${program} in its own path, not in the one of the job`);
  }
  const words =
    first === undefined || first === program ? [`:${program}`, ...rest] : [`:@${program}`, first, ...rest];
  return words.map((word) => quoteWord(word, 'ProgramArguments')).join(' ');
}

function environmentSettings(definition: JobDefinition, { bootstrap, warn }: ServiceContext): Setting[] {
  const path = [...new Set([dirname(process.execPath), ...SYSTEM_PATH])].join(delimiter);
  const variables = new Map([['PATH', path]]);
  for (const [name, value] of Object.entries(definition.EnvironmentVariables ?? {})) {
    const key = `EnvironmentVariables.${name}`;
    if (RESERVED.test(name)) warn(key, 'is left out: it is set for every job');
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      warn(key, 'is left out: systemd takes letters, digits and _ in names of variables only');
    else if (/[^\P{Cc}\t\n]/u.test(value))
      warn(key, 'is left out: systemd takes no control character in a variable');
    else variables.set(name, value);
  }
  variables.set('XPC_SERVICE_NAME', definition.Label);
  variables.set('LAUNCHPORT_BOOTSTRAP', bootstrap);
  return [...variables].map(([name, value]) => [
    'Environment',
    quoteWord(`${name}=${value}`, `EnvironmentVariables.${name}`),
  ]);
}

function placeSettings(definition: JobDefinition, { warn }: ServiceContext): Setting[] {
  const { WorkingDirectory, Umask, Nice } = definition;
  const settings: Setting[] = [];
  if (WorkingDirectory !== undefined && isFullPath('WorkingDirectory', WorkingDirectory, warn))
    settings.push(['WorkingDirectory', wholeLine(WorkingDirectory, 'WorkingDirectory')]);
  if (Umask !== undefined) settings.push(['UMask', Umask.toString(8).padStart(4, '0')]);
  if (Nice !== undefined) {
    // 20 is the end of launchd's range, 19 that of Linux.
    settings.push(['Nice', String(Math.min(Nice, 19))]);
    if (Nice < 0)
      warn('Nice', 'below 0 needs a right that user managers seldom have; without it the job does not start');
  }
  return settings;
}

function streamSettings(definition: JobDefinition, { warn }: ServiceContext): Setting[] {
  const streams = [
    ['StandardInPath', 'StandardInput', 'file'],
    ['StandardOutPath', 'StandardOutput', 'append'],
    ['StandardErrorPath', 'StandardError', 'append'],
  ] as const;
  const settings = streams.flatMap(([key, setting, mode]): Setting[] => {
    const path = definition[key];
    if (path === undefined || !isFullPath(key, path, warn)) return [];
    return [[setting, `${mode}:${wholeLine(path, key)}`]];
  });
  if (definition.StandardInPath !== undefined)
    warn(
      'StandardInPath',
      'has to exist: systemd does not create it, nor start the job when data arrives there',
    );
  return [...settings, ['SyslogIdentifier', escapeSpecifiers(definition.Label)]];
}

function limitSettings(definition: JobDefinition, { warn }: ServiceContext): Setting[] {
  const { SoftResourceLimits: soft = {}, HardResourceLimits: hard = {} } = definition;
  return Object.entries(LIMITS).flatMap(([name, setting]): Setting[] => {
    const key = name as keyof typeof LIMITS;
    const [low, high] = [soft[key], hard[key]];
    if (low === undefined && high === undefined) return [];
    if (low === undefined) warn(`HardResourceLimits.${key}`, 'becomes the soft limit too');
    // A hard limit that is not to be changed: the manager lowers "infinity" to what it may give.
    const words = [low ?? high ?? 0, high ?? NO_LIMIT].map((value) =>
      BigInt(value) >= NO_LIMIT ? 'infinity' : String(value),
    );
    return [[`Limit${setting}`, words.join(':')]];
  });
}

function priorityWords({ ProcessType, LowPriorityIO }: JobDefinition, { warn }: ServiceContext): Setting[] {
  const settings: Setting[] = [];
  if (ProcessType === 'Background') settings.push(['CPUWeight', '20'], ['IOWeight', '20']);
  if (ProcessType === 'Interactive') settings.push(['CPUWeight', '200'], ['IOWeight', '200']);
  if (ProcessType === 'Adaptive') warn('ProcessType', 'Adaptive has no equivalent: the job runs as Standard');
  else if (settings.length > 0)
    warn('ProcessType', 'becomes weights, which count only where the user manager was given the controllers');
  if (LowPriorityIO === true)
    settings.push(['IOSchedulingClass', 'best-effort'], ['IOSchedulingPriority', '7']);
  return settings;
}

function isFullPath(key: string, path: string, warn: ServiceContext['warn']): boolean {
  if (isAbsolute(path)) return true;
  warn(key, 'is left out: systemd takes absolute paths only');
  return false;
}
