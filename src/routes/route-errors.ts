/** Errors as they cross the wire: a code and a message in JSON, under one data key. The codes are upstream's. */
import { type ErrorKind, errorText, isLaunchportError, LaunchportError, printable } from '../base/index.js';
import type { XpcDictionary, XpcValue } from '../xpc/index.js';

/** String key of a request that names its route (apple/container, XPCMessage). */
export const ROUTE_KEY = 'com.apple.container.xpc.route';
/** Data key of a reply that is an error (apple/container, XPCMessage). */
export const ERROR_KEY = 'com.apple.container.xpc.error';

/** The codes an apple/container process understands; any other ends it, so none but these is ever sent. */
export const ROUTE_ERROR_CODES = [
  'unknown',
  'invalidArgument',
  'internalError',
  'exists',
  'notFound',
  'cancelled',
  'invalidState',
  'empty',
  'timeout',
  'unsupported',
  'interrupted',
] as const;

/** One of {@link ROUTE_ERROR_CODES}. */
export type RouteErrorCode = (typeof ROUTE_ERROR_CODES)[number];

/** What an error reply carries. */
export interface RouteFailure {
  /** As the peer sent it, so possibly none of {@link ROUTE_ERROR_CODES}. */
  readonly code: string;
  readonly message: string;
  /** Advice; a key of ours that other implementations ignore. */
  readonly hint?: string;
}

/** Longest text taken from a peer's error, in characters. The rest is cut: it goes to logs and terminals. */
const MAX_PEER_TEXT = 4096;

/** True for a code that may be sent. */
export function isRouteErrorCode(code: unknown): code is RouteErrorCode {
  return ROUTE_ERROR_CODES.includes(code as RouteErrorCode);
}

/**
 * An error for a route handler to throw: the client gets exactly this code and message. `cause` is folded into the
 * message as upstream does.
 */
export function routeError(
  code: RouteErrorCode,
  message: string,
  options: { readonly cause?: unknown; readonly hint?: string } = {},
): LaunchportError {
  const folded = foldCause(message, options.cause);
  return new LaunchportError('ERR_REMOTE', folded, { ...options, details: { code, message: folded } });
}

/** The message with its cause as upstream's codec writes it: ` (cause: "…")`. */
function foldCause(message: string, cause: unknown): string {
  return cause === undefined ? message : `${message} (cause: "${errorText(cause)}")`;
}

const CODE_OF_KIND: Readonly<Record<ErrorKind, RouteErrorCode>> = {
  usage: 'invalidArgument',
  config: 'invalidArgument',
  notFound: 'notFound',
  notRunning: 'invalidState',
  exists: 'exists',
  busy: 'invalidState',
  permission: 'invalidState',
  timeout: 'timeout',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
  invalid: 'internalError',
  limit: 'internalError',
  remote: 'unknown',
  unsupported: 'unsupported',
  internal: 'internalError',
};

/** What is sent for whatever a handler threw. Anything but a LaunchportError is `unknown` with its text. */
export function failureOf(thrown: unknown): RouteFailure & { readonly code: RouteErrorCode } {
  if (!isLaunchportError(thrown)) return { code: 'unknown', message: errorText(thrown) };
  const hint = thrown.hint === undefined ? {} : { hint: thrown.hint };
  if (thrown.code !== 'ERR_REMOTE') {
    return { code: CODE_OF_KIND[thrown.kind], message: foldCause(thrown.message, thrown.cause), ...hint };
  }
  // An error of a route further on, passed through: its own code and text, not ours about it.
  const { code, message } = thrown.details;
  return {
    code: isRouteErrorCode(code) ? code : 'unknown',
    message: typeof message === 'string' ? message : thrown.message,
    ...hint,
  };
}

/** The reply for whatever a handler threw. Never throws: text that is not Unicode is replaced. */
export function errorReply(thrown: unknown): XpcDictionary {
  return { [ERROR_KEY]: new TextEncoder().encode(JSON.stringify(failureOf(thrown))) };
}

/**
 * The error that a reply carries, or undefined for a success. Every reply with the key is an error, whatever is in
 * it: what cannot be decoded counts as `internalError`.
 */
export function replyFailure(reply: XpcDictionary): RouteFailure | undefined {
  if (!Object.hasOwn(reply, ERROR_KEY)) return undefined;
  return parseFailure(reply[ERROR_KEY]) ?? { code: 'internalError', message: 'undecodable error reply' };
}

function parseFailure(value: XpcValue | undefined): RouteFailure | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { code, message, hint } = parsed as Record<string, unknown>;
    if (typeof code !== 'string' || typeof message !== 'string') return undefined;
    return { code, message, ...(typeof hint === 'string' ? { hint } : {}) };
  } catch {
    return undefined;
  }
}

/**
 * The error a caller of `route` at `service` gets: ERR_REMOTE, with one of our codes in `details.code`, the peer's
 * own in `details.rawCode` when it is another, and its message untouched in `details.message`. The error's own
 * `message` and `hint` are for people, so control characters of the peer are made visible there.
 */
export function remoteError(service: string, route: string, failure: RouteFailure): RouteError {
  const known = isRouteErrorCode(failure.code) ? failure.code : undefined;
  const code = known ?? `unknown (${peerText(failure.code)})`;
  const text = `${service}/${route} answered ${code}: ${peerText(failure.message)}`;
  const cause = CAUSE.exec(failure.message)?.[1];
  return new LaunchportError('ERR_REMOTE', text, {
    ...(failure.hint === undefined ? {} : { hint: peerText(failure.hint) }),
    ...(cause === undefined ? {} : { cause: new Error(peerText(cause)) }),
    details: {
      code: known ?? 'unknown',
      ...(known === undefined ? { rawCode: failure.code } : {}),
      message: failure.message,
      service,
      route,
    },
  }) as RouteError;
}

/** The cause that {@link foldCause}, or upstream, put at the end of a message. */
const CAUSE = / \(cause: "([\s\S]*)"\)$/;

/** An error reply, as a caller gets it. */
export interface RouteError extends LaunchportError {
  readonly code: 'ERR_REMOTE';
  readonly details: {
    /** `unknown` when the peer sent a code that is none of ours; that is then in `rawCode`. */
    readonly code: RouteErrorCode;
    readonly rawCode?: string;
    /** As the peer sent it, its cause at the end included. */
    readonly message: string;
    readonly service: string;
    readonly route: string;
  };
}

/** True for an error reply that a call got, optionally with one of the given codes. Its `cause` is the peer's. */
export function isRouteError(error: unknown, ...codes: readonly RouteErrorCode[]): error is RouteError {
  if (!isLaunchportError(error, 'ERR_REMOTE') || typeof error.details.route !== 'string') return false;
  return codes.length === 0 || codes.includes(error.details.code as RouteErrorCode);
}

/** A peer's text, fit for a terminal or a log: control characters but newline and tab escaped, length bounded. */
export function peerText(text: string): string {
  return printable(text.length > MAX_PEER_TEXT ? `${text.slice(0, MAX_PEER_TEXT)}…` : text, '\n\t');
}
