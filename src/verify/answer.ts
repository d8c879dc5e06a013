/** Asks a service anything, well-formed or not, and tells what kind of answer came. */
import { isLaunchportError } from '../base/index.js';
import { ERROR_KEY } from '../routes/index.js';
import type { XpcConnection, XpcDictionary } from '../xpc/index.js';

/** What a request led to. */
export type Answer =
  | { readonly kind: 'success'; readonly reply: XpcDictionary }
  /** A reply with the key of an error, whatever is in it. */
  | { readonly kind: 'error'; readonly reply: XpcDictionary }
  | { readonly kind: 'silence' }
  /** The request was dropped, or the process went away. */
  | { readonly kind: 'dropped'; readonly reason: string };

/** True for a reply, be it an error. */
export function isAnswer({ kind }: Answer): boolean {
  return kind === 'success' || kind === 'error';
}

/** Sends a request and waits for what comes; never rejects, but when the run is aborted. */
export async function ask(
  connection: XpcConnection,
  message: XpcDictionary,
  bounds: { readonly timeout: number; readonly signal?: AbortSignal },
): Promise<Answer> {
  try {
    const reply = await connection.request(message, bounds);
    return { kind: Object.hasOwn(reply, ERROR_KEY) ? 'error' : 'success', reply };
  } catch (error) {
    if (isLaunchportError(error, 'ERR_XPC_TIMEOUT')) return { kind: 'silence' };
    if (isLaunchportError(error, 'ERR_ABORTED') || !isLaunchportError(error)) throw error;
    return { kind: 'dropped', reason: error.message };
  }
}

/** An error reply as a host reads it; undefined when a host could not. */
export function readError(
  reply: XpcDictionary,
): { readonly code: string; readonly message: string } | string {
  const value = reply[ERROR_KEY];
  if (!(value instanceof Uint8Array)) return `${ERROR_KEY} is not data`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
  } catch {
    return 'the error is not JSON in UTF-8';
  }
  const { code, message } = (parsed ?? {}) as Record<string, unknown>;
  if (typeof code !== 'string') return 'the error has no string "code"';
  if (typeof message !== 'string') return 'the error has no string "message"';
  return { code, message };
}
