/** Lint rules about values that are valid and yet rarely what was meant. */
import type { LintOptions, PlistFinding } from './plist-finding.js';
import type { JobDefinition } from './plist-schema.js';
import { fitsDomain, SESSION_TYPES } from './session.js';

/** What the values of a definition give reason to say. */
export function definitionFindings(definition: JobDefinition, options: LintOptions): PlistFinding[] {
  return [
    ...sessionFindings(definition, options),
    ...serviceFindings(definition),
    ...modeFindings(definition),
    ...textFindings(definition),
    ...lifeFindings(definition),
  ];
}

function sessionFindings(definition: JobDefinition, { system, domain }: LintOptions): PlistFinding[] {
  const key = 'LimitLoadToSessionType';
  const { LimitLoadToSessionType: limit } = definition;
  const findings: PlistFinding[] = [];
  const types: readonly string[] = SESSION_TYPES;
  for (const type of [limit ?? []].flat()) {
    if (types.includes(type)) continue;
    const hint = `Use ${SESSION_TYPES.join(', ')}.`;
    findings.push({ severity: 'error', key, message: `${key} names the unknown type ${type}`, hint });
  }
  if (system === 'darwin' && Array.isArray(limit) && limit.length > 1) {
    findings.push({
      severity: 'warning',
      key,
      message: `${key} is a list of several types, which some releases refuse with 5`,
      hint: 'Write one plist per domain: leave the key out for gui/UID, and write the text Background for user/UID.',
    });
  }
  if (system === 'darwin' && domain !== undefined && !fitsDomain(definition, domain)) {
    const said =
      limit === undefined ? 'is absent, so the job is for Aqua' : `is ${[limit].flat().join(', ')}`;
    findings.push({
      severity: 'error',
      key,
      message: `${key} ${said}: it cannot be loaded into ${domain}`,
      hint: 'Set the key to the kind of the domain, or choose another domain.',
    });
  }
  return findings;
}

function serviceFindings({ MachServices = {} }: JobDefinition): PlistFinding[] {
  return Object.entries(MachServices).flatMap(([name, value]): PlistFinding[] => {
    const key = `MachServices.${name}`;
    if (value === false) {
      const hint = 'Set it to true, or remove it.';
      return [{ severity: 'warning', key, message: `${key} is false: the name is not advertised`, hint }];
    }
    if (typeof value !== 'object') return [];
    return (['ResetAtClose', 'HideUntilCheckIn'] as const)
      .filter((flag) => value[flag] === true)
      .map((flag) => ({
        severity: 'warning',
        key: `${key}.${flag}`,
        message: `${key}.${flag} is not meant for XPC services: clients see the service vanish`,
        hint: 'Remove it, unless the clients allow for that.',
      }));
  });
}

/** Digits that are a usual mask or mode in octal, and an odd one in decimal. */
const OCTAL_HABITS: ReadonlySet<number> = new Set([22, 26, 27, 37, 77, 600, 644, 660, 666, 700, 755, 777]);

/** An integer in a plist is decimal, and file modes are thought of in octal. */
function modeFindings({ Umask, Sockets = {} }: JobDefinition): PlistFinding[] {
  const modes: (readonly [string, number | undefined])[] = [['Umask', Umask]];
  for (const [name, value] of Object.entries(Sockets)) {
    for (const socket of [value].flat()) modes.push([`Sockets.${name}.SockPathMode`, socket.SockPathMode]);
  }
  return modes.flatMap(([key, mode]): PlistFinding[] => {
    if (mode === undefined || !OCTAL_HABITS.has(mode)) return [];
    const octal = `0${mode.toString(8)}`;
    const meant = Number.parseInt(String(mode), 8);
    return [
      {
        severity: 'warning',
        key,
        message: `${key} ${mode} is decimal and stands for ${octal}`,
        hint: `If 0${mode} was meant, write ${meant}.`,
      },
    ];
  });
}

/** What a shell would do, launchd does not. */
function textFindings({ ProgramArguments = [], EnvironmentVariables = {} }: JobDefinition): PlistFinding[] {
  const findings: PlistFinding[] = [];
  for (const [index, argument] of ProgramArguments.entries()) {
    if (index === 0 || !/^~\/|^\$\{?[A-Z_]+/.test(argument)) continue;
    const key = `ProgramArguments.${index}`;
    findings.push({
      severity: 'warning',
      key,
      message: `${key} ${argument} reaches the program as it is: there is no shell`,
      hint: 'Write the value itself, or run /bin/sh -c.',
    });
  }
  for (const [name, value] of Object.entries(EnvironmentVariables)) {
    if (!/^~\/|\$\{?[A-Z_]+/.test(value)) continue;
    const key = `EnvironmentVariables.${name}`;
    const message = `${key} ${value} is passed as it is: launchd expands neither ~ nor variables`;
    findings.push({ severity: 'warning', key, message, hint: 'Write the value itself.' });
  }
  return findings;
}

function lifeFindings(definition: JobDefinition): PlistFinding[] {
  const { Disabled, ExitTimeOut, KeepAlive, RunAtLoad, ThrottleInterval } = definition;
  const findings: PlistFinding[] = [];
  const add = (severity: PlistFinding['severity'], key: string, message: string, hint: string) =>
    void findings.push({ severity, key, message, hint });
  if (Disabled === true)
    add('warning', 'Disabled', 'Disabled keeps the job from being loaded', 'Remove it, or enable the label.');
  if (ExitTimeOut === 0)
    add('info', 'ExitTimeOut', 'ExitTimeOut 0 lets a job that hangs hang for ever', 'Allow some seconds.');
  if (ThrottleInterval === 0)
    add(
      'info',
      'ThrottleInterval',
      'ThrottleInterval 0 restarts a broken job in a tight loop',
      'Use 1 or more.',
    );
  if (KeepAlive === true && RunAtLoad === false)
    add(
      'info',
      'RunAtLoad',
      'RunAtLoad false has no effect: KeepAlive starts the job',
      'Remove one of them.',
    );
  return findings;
}
