/** What a systemctl that failed means, and what to do about it. */
import { type ErrorCode, LaunchportError } from '../base/index.js';
import type { CommandResult, ControlMeaning } from '../launchd/index.js';

/** The command that failed. */
export interface SystemctlCall {
  /** What systemctl was given. */
  readonly arguments: readonly string[];
  readonly domain?: string;
  readonly label?: string;
}

interface Cause {
  readonly code: ErrorCode;
  readonly meaning: ControlMeaning;
  readonly text: string;
  readonly advice: string;
}

/** Most characters of stderr and stdout kept in an error. */
const MAX_TEXT = 4096;

const NO_MANAGER: Cause = {
  code: 'ERR_LAUNCHD_NO_DOMAIN',
  meaning: 'noSuchDomain',
  text: 'no systemd user manager is reachable',
  advice:
    'Run loginctl enable-linger, log in anew and see that XDG_RUNTIME_DIR is set; without systemd use the embedded supervisor.',
};
const DENIED: Cause = {
  code: 'ERR_LAUNCHD_PERMISSION',
  meaning: 'notPermitted',
  text: 'the user manager refused it',
  advice: 'Run it as the user whose jobs these are, without sudo.',
};
const NOT_FOUND: Cause = {
  code: 'ERR_LAUNCHD_NOT_LOADED',
  meaning: 'notFound',
  text: 'there is no such unit',
  advice: 'Load the job first.',
};
const MASKED: Cause = {
  code: 'ERR_LAUNCHD_DISABLED',
  meaning: 'disabled',
  text: 'the unit is masked',
  advice: 'Enable the job, then load it.',
};
const BAD_UNIT: Cause = {
  code: 'ERR_LAUNCHD_PLIST',
  meaning: 'invalidPlist',
  text: 'systemd does not take the unit',
  advice: 'Run systemd-analyze --user verify on the unit.',
};
const START_FAILED: Cause = {
  code: 'ERR_LAUNCHD_SPAWN',
  meaning: 'spawnFailed',
  text: 'the unit did not start',
  advice:
    'Read journalctl --user --unit with its name; check the program, its directory and its Standard…Path files.',
};

/** By text, because systemctl's exit status is 1 for nearly everything. */
const TEXTS: readonly (readonly [RegExp, Cause])[] = [
  [
    /failed to connect to (?:the )?(?:user (?:scope )?)?bus|not been booted with systemd|host is down/i,
    NO_MANAGER,
  ],
  [/DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR/, NO_MANAGER],
  [/access denied|authentication (?:is )?required|permission denied|not permitted/i, DENIED],
  [/is masked/i, MASKED],
  [/not found\.?$|not loaded\.?$|does not exist/im, NOT_FOUND],
  [/bad unit file setting|has a bad|load failed|bad message/i, BAD_UNIT],
  [/^job for .* failed|canceled\.?$|dependency job/im, START_FAILED],
];

/** The error for a call that failed. */
export function systemctlFailure(call: SystemctlCall, result: CommandResult): LaunchportError {
  const cause = TEXTS.find(([pattern]) => pattern.test(result.stderr))?.[1];
  const ending =
    result.exitStatus === undefined
      ? `ended by ${result.signal ?? 'a signal'}`
      : `exit status ${result.exitStatus}`;
  return new LaunchportError(
    cause?.code ?? 'ERR_LAUNCHD_COMMAND',
    `${describe(call)} failed: ${cause?.text ?? ending}`,
    {
      hint: cause?.advice ?? 'Read stderr in the details.',
      details: { ...call, ...resultDetails(result), meaning: cause?.meaning ?? 'unknown' },
    },
  );
}

/** The error for a call whose effect nobody can tell. */
export function systemctlSilent(call: SystemctlCall, seen: string, result: CommandResult): LaunchportError {
  return new LaunchportError(
    'ERR_LAUNCHD_UNKNOWN_OUTCOME',
    `${describe(call)} gave no answer in time; ${seen}`,
    {
      hint: 'Look at the job before you repeat the command: it may still take effect.',
      details: { ...call, ...resultDetails(result), meaning: 'unknownOutcome' },
    },
  );
}

function describe(call: SystemctlCall): string {
  return `systemctl ${call.arguments.join(' ')}`;
}

function resultDetails({ exitStatus, signal, stderr, stdout }: CommandResult): Record<string, unknown> {
  return {
    exitStatus,
    ...(signal === undefined ? {} : { signal }),
    stderr: stderr.slice(0, MAX_TEXT),
    ...(stdout === '' ? {} : { stdout: stdout.slice(0, MAX_TEXT) }),
  };
}
