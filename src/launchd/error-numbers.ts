/** What the exit statuses of launchctl mean: errno numbers below 107, launchd's own from 107 on (`launchctl error`). */
import type { ErrorCode } from '../base/index.js';
import type { ControlMeaning } from './meaning.js';

/** The meaning of one number. */
export interface ErrorNumber {
  readonly code: ErrorCode;
  readonly meaning: ControlMeaning;
  /** What launchd says with it, in few words. */
  readonly text: string;
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
  noSuchDomain: 112,
  noSuchService: 113,
  badResponse: 118,
  disabled: 119,
  badPermissions: 122,
  notSupportedByDomain: 125,
  multiple: 133,
  sessionMismatch: 134,
  unexpected: 153,
} as const;

type Row = readonly [code: ErrorCode, meaning: ControlMeaning, text: string, advice: string];

const FIX_PLIST = 'Correct the job plist and load it again.';
const OWNER = 'Act as the owner of the job, or as root.';
const MOVE = 'Move the plist to a permitted folder.';
const NOT_OURS = 'Do not retry: this system or this job does not allow it.';
const NOT_OFFERED = 'This release of macOS does not offer it; do not retry.';
const RETRY_ONCE =
  'Retry once, then read the log of launchd: log show --last 5m --predicate \'process == "launchd"\'.';
const REPORT = 'Report this as a fault of launchport.';

const badPlist = (text: string): Row => ['ERR_LAUNCHD_PLIST', 'invalidPlist', text, FIX_PLIST];
const unsupported = (text: string, advice = NOT_OURS): Row => [
  'ERR_UNSUPPORTED',
  'unsupported',
  text,
  advice,
];
const refused = (text: string, advice = NOT_OURS): Row => [
  'ERR_LAUNCHD_PERMISSION',
  'notPermitted',
  text,
  advice,
];
const misplaced = (text: string, advice = MOVE): Row => [
  'ERR_LAUNCHD_PERMISSION',
  'badPermissions',
  text,
  advice,
];
const busy = (text: string, advice: string): Row => ['ERR_LAUNCHD_BUSY', 'busy', text, advice];

const TABLE: Readonly<Record<number, Row>> = {
  1: refused('operation not permitted', OWNER),
  2: ['ERR_LAUNCHD_PLIST', 'missingFile', 'no such file', 'Check the path of the plist and of the program.'],
  3: [
    'ERR_LAUNCHD_NOT_LOADED',
    'notFound',
    'no such process',
    'Nothing to stop; load the job if it should run.',
  ],
  5: [
    'ERR_LAUNCHD_COMMAND',
    'unknown',
    'input/output error, which launchd says for many causes',
    'Run it as root to see the true error, or read the log of launchd: log show --last 5m --predicate \'process == "launchd"\'.',
  ],
  13: refused('permission denied', OWNER),
  17: [
    'ERR_LAUNCHD_ALREADY_LOADED',
    'alreadyLoaded',
    'already loaded',
    'Boot the job out first to load a new definition.',
  ],
  36: busy('the job is still stopping', 'Wait until its process has ended, then retry.'),
  37: busy('the job is already starting or stopping', 'Wait until it has settled, then retry.'),
  64: ['ERR_LAUNCHD_COMMAND', 'usage', 'launchctl does not understand the command', REPORT],
  78: [
    'ERR_LAUNCHD_SPAWN',
    'spawnFailed',
    'the program could not be started',
    'Check that it exists and is executable, and its output paths, working directory and code signature; then load it anew.',
  ],
  107: badPlist('bad bundle'),
  108: badPlist('bad path'),
  109: badPlist('bad property list'),
  110: badPlist('missing or bad Label'),
  111: badPlist('missing or bad Program or ProgramArguments'),
  112: [
    'ERR_LAUNCHD_NO_DOMAIN',
    'noSuchDomain',
    'no such domain',
    'Check the user id, or wait until the user has logged in.',
  ],
  113: ['ERR_LAUNCHD_NOT_LOADED', 'notFound', 'no such service', 'Load the job first.'],
  114: badPlist('unknown user'),
  115: badPlist('unknown group'),
  116: unsupported('not implemented', NOT_OFFERED),
  118: ['ERR_LAUNCHD_COMMAND', 'unexpected', 'launchd gave a bad response', RETRY_ONCE],
  119: [
    'ERR_LAUNCHD_DISABLED',
    'disabled',
    'the job is disabled',
    'Enable it, if the user agrees, and load it again.',
  ],
  121: misplaced('the path is not searched for jobs'),
  122: misplaced('bad owner or mode of the plist', 'Run chown and chmod go-w on the plist.'),
  123: misplaced('the path is on a list of exceptions'),
  124: ['ERR_LAUNCHD_NO_DOMAIN', 'domainEnding', 'the session is ending', 'Stop; the user is logging out.'],
  125: [
    'ERR_LAUNCHD_NO_DOMAIN',
    'unsupportedDomain',
    'the domain does not support this',
    'Use the domain of the session you are in; do not use sudo; check "Allow in the Background" in Login Items.',
  ],
  126: unsupported('the request is no longer supported', NOT_OFFERED),
  127: unsupported('not shipped with the system', NOT_OFFERED),
  128: unsupported('not a bundle', NOT_OFFERED),
  129: unsupported('superseded', NOT_OFFERED),
  133: [
    'ERR_LAUNCHD_COMMAND',
    'several',
    'several errors, see stderr',
    'Read the line of each path in stderr.',
  ],
  134: [
    'ERR_LAUNCHD_PLIST',
    'sessionMismatch',
    'the job cannot be loaded in this kind of session',
    'Set LimitLoadToSessionType to the kind of the domain, or choose another domain.',
  ],
  135: unsupported('the service is not managed'),
  136: unsupported('the service is a singleton'),
  137: unsupported('the service does not support this'),
  138: unsupported('not for this hardware'),
  139: busy('the service cannot run at present', 'Retry later.'),
  140: ['ERR_LAUNCHD_LABEL', 'invalidLabel', 'the name is reserved or invalid', 'Choose another label.'],
  141: ['ERR_LAUNCHD_COMMAND', 'unexpected', 'launchd avoided calling itself', 'Do not retry.'],
  142: unsupported('only on development systems'),
  144: refused('an entitlement is missing'),
  145: busy('the endpoint is hidden', 'Wait until the job has checked in.'),
  146: [
    'ERR_LAUNCHD_BUSY',
    'pended',
    'the domain starts jobs on demand only',
    'Kickstart the job or send it a message.',
  ],
  150: refused('not while System Integrity Protection is on'),
  152: unsupported('not in this boot environment'),
  153: ['ERR_LAUNCHD_COMMAND', 'unexpected', 'something launchd did not expect', RETRY_ONCE],
  154: refused('only for platform binaries'),
  155: [
    'ERR_LAUNCHD_PERMISSION',
    'quarantined',
    'the program or plist is in quarantine',
    'Install it signed and notarized.',
  ],
  158: unsupported('not in this variant of the system'),
  163: [
    'ERR_LAUNCHD_SPAWN',
    'spawnFailed',
    'the job could not be spawned',
    'Check the signature and entitlements of the program.',
  ],
  // The bootstrap API's own numbers, which `launchctl error` knows too (bootstrap.h).
  1100: refused('not privileged for this service'),
  1101: ['ERR_LAUNCHD_SERVICE_TAKEN', 'serviceTaken', 'the service name is in use', 'Choose another name.'],
  1102: ['ERR_LAUNCHD_NOT_LOADED', 'notFound', 'unknown service', 'Load the job that offers it.'],
  1103: ['ERR_LAUNCHD_SERVICE_TAKEN', 'serviceTaken', 'the service is active', 'It has been taken already.'],
  1104: ['ERR_LAUNCHD_COMMAND', 'usage', 'bad count', REPORT],
  1105: busy('launchd is out of memory', 'Retry later.'),
  1106: ['ERR_LAUNCHD_COMMAND', 'unexpected', 'no children', 'Do not retry.'],
};

/** Numbers with which launchd says that nobody is logged in at the screen, when the domain is a graphical one. */
const NO_GUI: ReadonlySet<number> = new Set([NUMBERS.noSuchDomain, NUMBERS.notSupportedByDomain]);

/**
 * The entry of an exit status; undefined for one that is not in the table.
 * @param domain what was addressed: `gui/501` gives 112 and 125 a meaning of their own
 */
export function errorNumber(exitStatus: number, domain = ''): ErrorNumber | undefined {
  const row = TABLE[exitStatus];
  if (row === undefined) return undefined;
  const [code, meaning, text, advice] = row;
  if (!domain.startsWith('gui/') || !NO_GUI.has(exitStatus)) return { code, meaning, text, advice };
  const uid = domain.slice('gui/'.length);
  return {
    code,
    meaning: 'noGuiSession',
    text: uid === '0' ? 'root has no graphical session' : `user ${uid} has no graphical session`,
    advice:
      uid === '0'
        ? 'Run this as the user who is logged in, without sudo.'
        : `Log in at the screen, or use the domain user/${uid}; if logged in, check "Allow in the Background" in Login Items.`,
  };
}
