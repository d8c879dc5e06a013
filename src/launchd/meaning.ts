/** One typed meaning for every failure of a control, whatever number, text or implementation it came from. */
import { type ErrorCode, isLaunchportError, LaunchportError } from '../base/index.js';

/** What a failure of a control call means. `details.meaning` of its error; see {@link controlMeaning}. */
export type ControlMeaning =
  | 'alreadyLoaded'
  /** A process of the job is just starting or ending, or another operation on it is under way. */
  | 'busy'
  | 'disabled'
  /** No such job is loaded. */
  | 'notFound'
  /** The plist's or the program's owner, mode or place. */
  | 'badPermissions'
  /** The caller may not do this to this job. */
  | 'notPermitted'
  | 'quarantined'
  | 'invalidPlist'
  | 'invalidLabel'
  /** A file that the job needs does not exist. */
  | 'missingFile'
  /** The job's session type does not fit the domain. */
  | 'sessionMismatch'
  /** Nobody is logged in at the screen. */
  | 'noGuiSession'
  | 'noSuchDomain'
  /** The user is logging out. */
  | 'domainEnding'
  | 'unsupportedDomain'
  /** This system or this job never allows it. */
  | 'unsupported'
  | 'spawnFailed'
  /** launchd holds back a start that nobody asked for. */
  | 'pended'
  | 'serviceTaken'
  /** Several errors at once, told line by line in stderr. */
  | 'several'
  /** launchd or launchctl answered with something unexpected; one more try is reasonable. */
  | 'unexpected'
  /** The command line was not understood. */
  | 'usage'
  /** The command gave no answer: it may have taken effect. */
  | 'unknownOutcome'
  /** The time was up before anything was asked. */
  | 'timeout'
  /** Nothing is known about the cause. */
  | 'unknown';

const BY_CODE: Partial<Readonly<Record<ErrorCode, ControlMeaning>>> = {
  ERR_LAUNCHD_LABEL: 'invalidLabel',
  ERR_LAUNCHD_TARGET: 'usage',
  ERR_LAUNCHD_PLIST: 'invalidPlist',
  ERR_LAUNCHD_ALREADY_LOADED: 'alreadyLoaded',
  ERR_LAUNCHD_BUSY: 'busy',
  ERR_LAUNCHD_DISABLED: 'disabled',
  ERR_LAUNCHD_NOT_LOADED: 'notFound',
  ERR_LAUNCHD_NO_DOMAIN: 'noSuchDomain',
  ERR_LAUNCHD_PERMISSION: 'badPermissions',
  ERR_LAUNCHD_SPAWN: 'spawnFailed',
  ERR_LAUNCHD_SERVICE_TAKEN: 'serviceTaken',
  ERR_LAUNCHD_UNKNOWN_OUTCOME: 'unknownOutcome',
  ERR_LAUNCHD_COMMAND: 'unknown',
  ERR_UNSUPPORTED: 'unsupported',
  ERR_TIMEOUT: 'timeout',
};

const MEANINGS = new Set<unknown>([
  ...Object.values(BY_CODE),
  ...['notPermitted', 'quarantined', 'missingFile', 'sessionMismatch', 'noGuiSession', 'domainEnding'],
  ...['unsupportedDomain', 'pended', 'several', 'unexpected'],
]);

/** What an error of any {@link LaunchControl} means; undefined for an error that is not about a job. */
export function controlMeaning(error: unknown): ControlMeaning | undefined {
  if (!isLaunchportError(error)) return undefined;
  const { meaning } = error.details;
  return MEANINGS.has(meaning) ? (meaning as ControlMeaning) : BY_CODE[error.code];
}

/** An error about a job under any control. */
export function jobFailure(
  code: ErrorCode,
  meaning: ControlMeaning,
  message: string,
  hint: string,
  details: Readonly<Record<string, unknown>>,
): LaunchportError {
  return new LaunchportError(code, message, { hint, details: { ...details, meaning } });
}
