/** A job as systemd user units. Pure: nothing is read, written or run. */
import type { JobDefinition, JobStatus } from '../launchd/index.js';
import { bootstrapDirectory, runtimeDirectory } from '../native/index.js';
import { numberedUnits, unitStem } from './unit-names.js';
import { startsAtLoad } from './unit-restart.js';
import { DEFAULT_EXIT_TIMEOUT_S, DEFAULT_THROTTLE_S, serviceSettings } from './unit-service.js';
import { planSockets } from './unit-socket.js';
import { escapeSpecifiers, type Setting, section } from './unit-text.js';
import { pathSettings, timerSettings } from './unit-triggers.js';
import { definitionWarnings, type UnitWarning } from './unit-warnings.js';

/** Where a user's jobs meet. */
export interface SystemdUnitOptions {
  /** Directory of the sockets, absolute; default the bootstrap directory in which this process's clients look. */
  readonly bootstrap?: string;
  /** Directory in which jobs note their last start, absolute; default `throttle` in the runtime directory. */
  readonly throttle?: string;
  /** The plist, kept for `print`. */
  readonly plistPath?: string;
}

/** A unit file. */
export interface SystemdUnit {
  readonly name: string;
  readonly content: string;
}

/** A job's units. */
export interface SystemdUnits {
  /** The service, its sockets, its timer and its path, as far as the job needs them. */
  readonly units: readonly SystemdUnit[];
  /** What differs from launchd, by key. */
  readonly warnings: readonly UnitWarning[];
  readonly service: string;
  /** Sockets, timers and paths, which wait for a reason to start the service. */
  readonly triggers: readonly string[];
  /** The service is to be started with its triggers (RunAtLoad, KeepAlive). */
  readonly startsAtLoad: boolean;
  /** Where the Mach services listen, by name. */
  readonly sockets: ReadonlyMap<string, string>;
}

/** What `print` tells that systemd does not know, as it stands in the service's file. */
export type KeptStatus = Pick<JobStatus, 'label' | 'arguments' | 'endpoints'> & Partial<JobStatus>;

/** The section of the service's file that systemd passes over (systemd.unit(5), `X-`). */
export const OWN_SECTION = 'X-Launchport';

/**
 * The user units that make systemd run the job as launchd would. One `.socket` per Mach service, on the path where our
 * clients connect; names of units begin with `launchport.`.
 * @throws LaunchportError ERR_LAUNCHD_PLIST for a value that no unit can hold, ERR_LAUNCHD_LABEL, ERR_XPC_NAME,
 * ERR_LAUNCHD_SOCKET_PATH
 */
export function systemdUnits(definition: JobDefinition, options: SystemdUnitOptions = {}): SystemdUnits {
  const { bootstrap = bootstrapDirectory(), throttle = `${runtimeDirectory()}/throttle` } = options;
  const stem = unitStem(definition.Label);
  const service = `${stem}.service`;
  const warnings = definitionWarnings(definition);
  const warn = (key: string, message: string) =>
    void warnings.push({ key, message: message.startsWith(key) ? message : `${key} ${message}` });
  const plans = planSockets(definition, bootstrap, service, warn);
  const socketNames = numberedUnits(stem, 'socket', plans.length);
  const description: Setting = ['Description', `launchport job ${escapeSpecifiers(definition.Label)}`];

  const trigger = (
    name: string,
    kind: string,
    target: string,
    settings: readonly Setting[],
  ): SystemdUnit => ({
    name,
    content: [
      section('Unit', [description]),
      section(kind, settings),
      section('Install', [['WantedBy', target]]),
    ].join('\n'),
  });
  const triggers = plans.map((plan, index) =>
    trigger(socketNames[index] ?? '', 'Socket', 'sockets.target', plan.settings),
  );
  for (const [ending, kind, settings] of [
    ['timer', 'Timer', timerSettings(definition, warn)],
    ['path', 'Path', pathSettings(definition, warn)],
  ] as const) {
    if (settings.length === 0) continue;
    triggers.push(trigger(`${stem}.${ending}`, kind, `${ending}s.target`, [['Unit', service], ...settings]));
  }

  const isStarted = startsAtLoad(definition);
  const context = { stem, bootstrap, throttle, warn };
  const content = [
    // Otherwise five starts in ten seconds would be the last.
    section('Unit', [description, ['StartLimitIntervalSec', '0']]),
    section('Service', serviceSettings(definition, socketNames, context)),
    ...(isStarted ? [section('Install', [['WantedBy', 'default.target']])] : []),
    section(OWN_SECTION, [['Status', JSON.stringify(keptStatus(definition, options.plistPath))]]),
  ].join('\n');
  return {
    units: [{ name: service, content }, ...triggers],
    warnings,
    service,
    triggers: triggers.map(({ name }) => name),
    startsAtLoad: isStarted,
    sockets: new Map(plans.map(({ service: name, path }) => [name, path])),
  };
}

function keptStatus(definition: JobDefinition, path: string | undefined): KeptStatus {
  const { MachServices = {}, ProgramArguments = [], Program, Umask, Nice } = definition;
  const program = Program ?? ProgramArguments[0];
  const endpoints = Object.entries(MachServices).flatMap(([name, options]) => {
    if (options === false) return [];
    const isReset = typeof options === 'object' && options.ResetAtClose === true;
    return [{ name, isActive: false, ...(isReset ? { resetAtClose: true } : {}) }];
  });
  const properties = [
    ...(definition.RunAtLoad === true ? ['runatload'] : []),
    ...(definition.KeepAlive === true ? ['keepalive'] : []),
  ];
  return {
    label: definition.Label,
    arguments: ProgramArguments,
    endpoints,
    type: 'LaunchAgent',
    ...(path === undefined ? {} : { path }),
    ...(program === undefined ? {} : { program }),
    ...textOf('workingDirectory', definition.WorkingDirectory),
    ...textOf('stdinPath', definition.StandardInPath),
    ...textOf('stdoutPath', definition.StandardOutPath),
    ...textOf('stderrPath', definition.StandardErrorPath),
    ...(Umask === undefined ? {} : { umask: Umask }),
    ...(Nice === undefined ? {} : { nice: Nice }),
    minimumRuntime: definition.ThrottleInterval ?? DEFAULT_THROTTLE_S,
    exitTimeout: definition.ExitTimeOut ?? DEFAULT_EXIT_TIMEOUT_S,
    ...(properties.length === 0 ? {} : { properties }),
  };
}

function textOf<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}
