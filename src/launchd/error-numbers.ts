/** What the exit statuses of launchctl mean: errno numbers below 107, launchd's own from 107 on (`launchctl error`). */
import type { ErrorCode } from '../base/index.js';

/** The meaning of one number. */
export interface ErrorNumber {
  readonly code: ErrorCode;
  /** What launchd says with it, in few words. */
  readonly meaning: string;
  /** What to do next. */
  readonly advice: string;
}

/** The numbers that the control treats apart. */
export const NUMBERS = {
  noSuchProcess: 3,
  inputOutput: 5,
  exists: 17,
  inProgress: 36,
  alreadyInProgress: 37,
  noSuchService: 113,
  badResponse: 118,
  disabled: 119,
  multiple: 133,
  unexpected: 153,
} as const;

const entry = (code: ErrorCode, meaning: string, advice: string): ErrorNumber => ({ code, meaning, advice });

const PLIST_ADVICE = 'Correct the job plist and load it again.';
const NOT_OURS = 'Do not retry: this system or this job does not allow it.';
const UNSUPPORTED_ADVICE = 'This release of macOS does not offer it; do not retry.';

const TABLE: Readonly<Record<number, ErrorNumber>> = {
  1: entry('ERR_LAUNCHD_PERMISSION', 'operation not permitted', 'Act as the owner of the job, or as root.'),
  2: entry('ERR_LAUNCHD_PLIST', 'no such file', 'Check the path of the plist and of the program.'),
  3: entry('ERR_LAUNCHD_NOT_LOADED', 'no such process', 'Nothing to stop; load the job if it should run.'),
  5: entry(
    'ERR_LAUNCHD_COMMAND',
    'input/output error, which launchd says for many causes',
    'Check the owner and mode of the plist, its session type and program, or run it as root to see the true error.',
  ),
  13: entry('ERR_LAUNCHD_PERMISSION', 'permission denied', 'Act as the owner of the job, or as root.'),
  17: entry(
    'ERR_LAUNCHD_ALREADY_LOADED',
    'already loaded',
    'Boot the job out first to load a new definition.',
  ),
  36: entry('ERR_LAUNCHD_BUSY', 'the job is still stopping', 'Wait until its process has ended, then retry.'),
  37: entry(
    'ERR_LAUNCHD_BUSY',
    'the job is already starting or stopping',
    'Wait until it has settled, then retry.',
  ),
  64: entry(
    'ERR_LAUNCHD_COMMAND',
    'launchctl does not understand the command',
    'Report this as a fault of launchport.',
  ),
  78: entry(
    'ERR_LAUNCHD_SPAWN',
    'the program could not be started',
    'Check that it exists and is executable, and its output paths, working directory and code signature.',
  ),
  107: entry('ERR_LAUNCHD_PLIST', 'bad bundle', PLIST_ADVICE),
  108: entry('ERR_LAUNCHD_PLIST', 'bad path', PLIST_ADVICE),
  109: entry('ERR_LAUNCHD_PLIST', 'bad property list', PLIST_ADVICE),
  110: entry('ERR_LAUNCHD_PLIST', 'missing or bad Label', PLIST_ADVICE),
  111: entry('ERR_LAUNCHD_PLIST', 'missing or bad Program or ProgramArguments', PLIST_ADVICE),
  112: entry('ERR_LAUNCHD_NO_DOMAIN', 'no such domain', 'Log in at the screen, or use the domain user/UID.'),
  113: entry('ERR_LAUNCHD_NOT_LOADED', 'no such service', 'Load the job first.'),
  114: entry('ERR_LAUNCHD_PLIST', 'unknown user', PLIST_ADVICE),
  115: entry('ERR_LAUNCHD_PLIST', 'unknown group', PLIST_ADVICE),
  116: entry('ERR_UNSUPPORTED', 'not implemented', UNSUPPORTED_ADVICE),
  118: entry('ERR_LAUNCHD_COMMAND', 'launchd gave a bad response', 'Retry once.'),
  119: entry(
    'ERR_LAUNCHD_DISABLED',
    'the job is disabled',
    'Run launchctl enable on it, if the user agrees, and retry.',
  ),
  121: entry(
    'ERR_LAUNCHD_PERMISSION',
    'the path is not searched for jobs',
    'Move the plist to a permitted folder.',
  ),
  122: entry(
    'ERR_LAUNCHD_PERMISSION',
    'bad owner or mode of the plist',
    'Run chown and chmod go-w on the plist.',
  ),
  123: entry(
    'ERR_LAUNCHD_PERMISSION',
    'the path is on a list of exceptions',
    'Move the plist to a permitted folder.',
  ),
  124: entry('ERR_LAUNCHD_NO_DOMAIN', 'the session is ending', 'Stop; the user is logging out.'),
  125: entry(
    'ERR_LAUNCHD_NO_DOMAIN',
    'the domain does not support this',
    'Without a graphical login use user/UID; do not use sudo; check "Allow in the Background" in Login Items.',
  ),
  126: entry('ERR_UNSUPPORTED', 'the request is no longer supported', UNSUPPORTED_ADVICE),
  127: entry('ERR_UNSUPPORTED', 'not shipped with the system', UNSUPPORTED_ADVICE),
  128: entry('ERR_UNSUPPORTED', 'not a bundle', UNSUPPORTED_ADVICE),
  129: entry('ERR_UNSUPPORTED', 'superseded', UNSUPPORTED_ADVICE),
  133: entry('ERR_LAUNCHD_COMMAND', 'several errors, see stderr', 'Read the line of each path in stderr.'),
  134: entry(
    'ERR_LAUNCHD_PLIST',
    'the job cannot be loaded in this kind of session',
    'Set LimitLoadToSessionType to the kind of the domain, or choose another domain.',
  ),
  135: entry('ERR_UNSUPPORTED', 'the service is not managed', NOT_OURS),
  136: entry('ERR_UNSUPPORTED', 'the service is a singleton', NOT_OURS),
  137: entry('ERR_UNSUPPORTED', 'the service does not support this', NOT_OURS),
  138: entry('ERR_UNSUPPORTED', 'not for this hardware', NOT_OURS),
  139: entry('ERR_LAUNCHD_BUSY', 'the service cannot run at present', 'Retry later.'),
  140: entry('ERR_LAUNCHD_LABEL', 'the name is reserved or invalid', 'Choose another label.'),
  141: entry('ERR_LAUNCHD_COMMAND', 'launchd avoided calling itself', 'Do not retry.'),
  144: entry('ERR_LAUNCHD_PERMISSION', 'an entitlement is missing', NOT_OURS),
  145: entry('ERR_LAUNCHD_BUSY', 'the endpoint is hidden', 'Wait until the job has checked in.'),
  146: entry(
    'ERR_LAUNCHD_BUSY',
    'the domain starts jobs on demand only',
    'Kickstart the job or send it a message.',
  ),
  150: entry('ERR_LAUNCHD_PERMISSION', 'not while System Integrity Protection is on', NOT_OURS),
  152: entry('ERR_UNSUPPORTED', 'not in this boot environment', NOT_OURS),
  153: entry('ERR_LAUNCHD_COMMAND', 'something launchd did not expect', 'Retry once, then read its log.'),
  154: entry('ERR_LAUNCHD_PERMISSION', 'only for platform binaries', NOT_OURS),
  155: entry(
    'ERR_LAUNCHD_PERMISSION',
    'the program or plist is in quarantine',
    'Install it signed and notarized.',
  ),
  158: entry('ERR_UNSUPPORTED', 'not in this variant of the system', NOT_OURS),
  163: entry(
    'ERR_LAUNCHD_SPAWN',
    'the job could not be spawned',
    'Check the signature and entitlements of the program.',
  ),
};

/** The entry of an exit status; undefined for one that is not in the table. */
export function errorNumber(exitStatus: number): ErrorNumber | undefined {
  return TABLE[exitStatus];
}
