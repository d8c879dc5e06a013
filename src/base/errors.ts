/** The one error class of launchport, and the registry that gives every code its kind. */

/** What sort of failure it is. The kind fixes the exit code of the CLI; see {@link EXIT_CODES}. */
export type ErrorKind =
  | 'usage'
  | 'config'
  | 'notFound'
  | 'notRunning'
  | 'exists'
  | 'busy'
  | 'permission'
  | 'timeout'
  | 'cancelled'
  | 'interrupted'
  | 'invalid'
  | 'limit'
  | 'remote'
  | 'unsupported'
  | 'internal';

/** Every code there is. Codes are stable: they are never renamed and never given a second meaning. */
export const ERROR_CODES = {
  // native and general
  ERR_INTERNAL: 'internal',
  ERR_USAGE: 'usage',
  ERR_ADDON_NOT_FOUND: 'unsupported',
  ERR_UNSUPPORTED: 'unsupported',
  ERR_ABORTED: 'cancelled',
  ERR_TIMEOUT: 'timeout',
  // xpc values
  ERR_XPC_VALUE: 'usage',
  ERR_XPC_MALFORMED: 'invalid',
  ERR_XPC_LIMIT: 'limit',
  // xpc connections
  ERR_XPC_INTERRUPTED: 'interrupted',
  ERR_XPC_INVALID: 'invalid',
  ERR_XPC_CANCELLED: 'cancelled',
  ERR_XPC_PEER_REFUSED: 'permission',
  ERR_XPC_REQUIREMENT: 'usage',
  ERR_XPC_TIMEOUT: 'timeout',
  ERR_XPC_QUEUE_FULL: 'limit',
  ERR_XPC_MESSAGE_TOO_LARGE: 'limit',
  ERR_XPC_ALREADY_REPLIED: 'usage',
  ERR_XPC_STATE: 'usage',
  ERR_XPC_NAME: 'usage',
  // launchd
  ERR_LAUNCHD_LABEL: 'usage',
  ERR_LAUNCHD_TARGET: 'usage',
  ERR_LAUNCHD_PLIST: 'config',
  ERR_LAUNCHD_ALREADY_LOADED: 'exists',
  ERR_LAUNCHD_BUSY: 'busy',
  ERR_LAUNCHD_DISABLED: 'permission',
  ERR_LAUNCHD_NOT_LOADED: 'notFound',
  ERR_LAUNCHD_NO_DOMAIN: 'unsupported',
  ERR_LAUNCHD_PERMISSION: 'permission',
  ERR_LAUNCHD_SPAWN: 'config',
  ERR_LAUNCHD_SERVICE_TAKEN: 'exists',
  ERR_LAUNCHD_UNKNOWN_OUTCOME: 'timeout',
  ERR_LAUNCHD_COMMAND: 'internal',
  ERR_LAUNCHD_SOCKET_PATH: 'limit',
  ERR_LAUNCHD_STATE: 'usage',
  ERR_SUPERVISOR_RUNNING: 'exists',
  ERR_SUPERVISOR_PROTOCOL: 'unsupported',
  // plugins
  ERR_PLUGIN_NAME: 'usage',
  ERR_PLUGIN_CONFIG: 'config',
  ERR_PLUGIN_BINARY: 'config',
  ERR_PLUGIN_NOT_FOUND: 'notFound',
  ERR_PLUGIN_NOT_LOADED: 'notFound',
  ERR_PLUGIN_DIRECTORY: 'permission',
  ERR_PLUGIN_INSTANCE: 'usage',
  ERR_PLUGIN_EXITED: 'notRunning',
  ERR_PLUGIN_CONFLICT: 'exists',
  // sandboxes
  ERR_SANDBOX: 'internal',
  // images
  ERR_IMAGE_NOT_FOUND: 'notFound',
  ERR_IMAGE_INVALID: 'invalid',
  ERR_IMAGE_DIGEST: 'invalid',
  ERR_IMAGE_LIMIT: 'limit',
  // containers and networks
  ERR_CONTAINER_NOT_FOUND: 'notFound',
  ERR_CONTAINER_EXISTS: 'exists',
  ERR_CONTAINER_STATE: 'busy',
  ERR_NETWORK_NOT_FOUND: 'notFound',
  ERR_NETWORK_EXISTS: 'exists',
  ERR_NETWORK_STATE: 'busy',
  // harness and routes
  ERR_ROUTE_UNKNOWN: 'unsupported',
  ERR_ROUTE_REQUEST: 'usage',
  ERR_ROUTE_REPLY: 'invalid',
  ERR_REMOTE: 'remote',
  ERR_SERVER_NOT_RUNNING: 'notRunning',
} as const satisfies Record<string, ErrorKind>;

/** A stable code, one of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Exit status of the CLI by kind of failure; 0 is success and 130 an interrupt by the user. */
export const EXIT_CODES = {
  usage: 2,
  config: 6,
  notFound: 4,
  notRunning: 3,
  exists: 1,
  busy: 1,
  permission: 5,
  timeout: 7,
  cancelled: 1,
  interrupted: 1,
  invalid: 1,
  limit: 1,
  remote: 1,
  unsupported: 8,
  internal: 1,
} as const satisfies Record<ErrorKind, number>;

/** What an error carries besides its code and message. */
export interface ErrorOptions {
  /** What to do next, one sentence addressed to the reader. */
  readonly hint?: string;
  /** Machine-readable facts: names, paths, exit statuses. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The failure underneath. */
  readonly cause?: unknown;
}

/**
 * Any failure that the world causes: a missing file, a dead peer, a bad message. Wrong calls by a programmer
 * are TypeError or RangeError instead. `message` says what happened and to which name; `hint` what to do next.
 */
export class LaunchportError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** The sort of failure; fixes the exit code. */
  get kind(): ErrorKind {
    return ERROR_CODES[this.code];
  }

  /** A plain object for `--json` output and logs. */
  toJSON(): { code: ErrorCode; message: string; hint?: string; details: Readonly<Record<string, unknown>> } {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      details: this.details,
    };
  }
}

// Set on the prototype so that it does not show up as an own property when an error is inspected or compared.
Object.defineProperty(LaunchportError.prototype, 'name', { value: 'LaunchportError', configurable: true });

/** True for a LaunchportError, optionally with one of the given codes. */
export function isLaunchportError(error: unknown, ...codes: readonly ErrorCode[]): error is LaunchportError {
  return error instanceof LaunchportError && (codes.length === 0 || codes.includes(error.code));
}

/** The text of whatever was thrown. Never throws itself: code far away may throw anything. */
export function errorText(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return Object.prototype.toString.call(error);
  }
}
