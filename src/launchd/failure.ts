/** Turns what launchctl said, by number first and by text second, into an error that says what to do. */
import { type ErrorCode, LaunchportError } from '../base/index.js';
import type { CommandResult } from './command-runner.js';
import { type ErrorNumber, errorNumber, NUMBERS } from './error-numbers.js';
import type { ControlMeaning } from './meaning.js';

/** The command that failed. */
export interface LaunchctlCall {
  /** What launchctl was given. */
  readonly arguments: readonly string[];
  readonly domain?: string;
  readonly label?: string;
}

/** Most characters of stderr and stdout kept in an error. */
const MAX_TEXT = 4096;

/** Texts that say more than the numbers they come with: 1, 5 and 133 stand for many causes. */
const TEXTS: readonly (readonly [RegExp, number])[] = [
  [/service already (?:loaded|bootstrapped)/i, NUMBERS.exists],
  [/could not find service/i, NUMBERS.noSuchService],
  [/service is disabled/i, NUMBERS.disabled],
  [/bad ownership\/permissions|dubious ownership|dubious permissions/i, NUMBERS.badPermissions],
  [/could not find (?:specified )?domain|domain does not exist/i, NUMBERS.noSuchDomain],
];
const VAGUE: ReadonlySet<number> = new Set([1, NUMBERS.inputOutput, NUMBERS.multiple, NUMBERS.unexpected]);

/**
 * The number that explains a result: the exit status, or for a vague one what stderr says: a number of its own
 * ("Bootstrap failed: 122: …") or a known text. Undefined when a signal ended the tool.
 */
export function failureNumber(result: CommandResult): number | undefined {
  const { exitStatus, stderr } = result;
  if (exitStatus === undefined || !VAGUE.has(exitStatus)) return exitStatus;
  for (const [, digits] of stderr.matchAll(/failed: (\d{1,4}): /g)) {
    const number = Number(digits);
    if (!VAGUE.has(number) && errorNumber(number) !== undefined) return number;
  }
  return TEXTS.find(([pattern]) => pattern.test(stderr))?.[1] ?? exitStatus;
}

/** The error for a call that failed; `override` replaces what the table says. */
export function launchctlFailure(
  call: LaunchctlCall,
  result: CommandResult,
  override: Partial<ErrorNumber> = {},
): LaunchportError {
  const number = failureNumber(result);
  const known = number === undefined ? undefined : errorNumber(number, call.domain);
  const code: ErrorCode = override.code ?? known?.code ?? 'ERR_LAUNCHD_COMMAND';
  const meaning: ControlMeaning = override.meaning ?? known?.meaning ?? 'unknown';
  const text = override.text ?? known?.text ?? endingOf(result);
  return new LaunchportError(code, `${describeCall(call)} failed: ${text}`, {
    hint: override.advice ?? known?.advice ?? unknownAdvice(number),
    details: callDetails(call, {
      ...resultDetails(result),
      meaning,
      ...(number === undefined ? {} : { number }),
    }),
  });
}

/** The error for a call whose effect nobody can tell. */
export function unknownOutcome(call: LaunchctlCall, seen: string, result?: CommandResult): LaunchportError {
  return new LaunchportError(
    'ERR_LAUNCHD_UNKNOWN_OUTCOME',
    `${describeCall(call)} gave no answer in time; ${seen}`,
    {
      hint: 'Look at the job before you repeat the command: it may still take effect.',
      details: callDetails(call, {
        ...(result === undefined ? {} : resultDetails(result)),
        meaning: 'unknownOutcome' satisfies ControlMeaning,
      }),
    },
  );
}

/** An error about a call, with the facts that every such error carries. */
export function callError(
  code: ErrorCode,
  meaning: ControlMeaning,
  call: LaunchctlCall,
  message: string,
  hint: string,
): LaunchportError {
  return new LaunchportError(code, message, { hint, details: callDetails(call, { meaning }) });
}

/** `launchctl bootstrap gui/501 /path`, for messages. */
export function describeCall(call: LaunchctlCall): string {
  return `launchctl ${call.arguments.join(' ')}`;
}

function callDetails(call: LaunchctlCall, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...call, ...more };
}

function resultDetails(result: CommandResult): Record<string, unknown> {
  return {
    exitStatus: result.exitStatus,
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    stderr: result.stderr.slice(0, MAX_TEXT),
    ...(result.stdout === '' ? {} : { stdout: result.stdout.slice(0, MAX_TEXT) }),
  };
}

function unknownAdvice(number: number | undefined): string {
  return number === undefined
    ? 'Read stderr in the details.'
    : `Read stderr in the details; launchctl error ${number} explains the number.`;
}

function endingOf({ exitStatus, signal, isTimedOut }: CommandResult): string {
  if (isTimedOut) return 'no answer in time';
  if (exitStatus !== undefined) return `exit status ${exitStatus}`;
  return `ended by ${signal ?? 'a signal'}`;
}
