/** Failures that the binding reports, as errors with advice. */
import { type ErrorCode, LaunchportError } from '../base/index.js';
import { Failure } from '../native/index.js';

const MEANINGS: Readonly<Record<number, { readonly code: ErrorCode; readonly hint: string } | undefined>> = {
  [Failure.interrupted]: {
    code: 'ERR_XPC_INTERRUPTED',
    hint: 'The service ended or dropped the request. The connection stays usable: bring what you keep about the service up to date, then send again.',
  },
  [Failure.invalid]: {
    code: 'ERR_XPC_INVALID',
    hint: 'Nothing more comes over this connection. Check that the service is registered, then connect again.',
  },
  [Failure.peerRequirement]: {
    code: 'ERR_XPC_PEER_REFUSED',
    hint: 'The other process is not one that this connection accepts. Check its user, its program and its code signature.',
  },
  [Failure.queueFull]: {
    code: 'ERR_XPC_QUEUE_FULL',
    hint: 'The other side reads too slowly. Wait for drained() before sending more.',
  },
  [Failure.tooLarge]: {
    code: 'ERR_XPC_MESSAGE_TOO_LARGE',
    hint: 'Send it in parts, or put it in a file.',
  },
  [Failure.malformed]: {
    code: 'ERR_XPC_MALFORMED',
    hint: 'The bytes were not those of an XPC dictionary, or a descriptor in it is not open.',
  },
};

/** The error for a {@link Failure}. A code of a later binding counts as `invalid`. */
export function failureError(failure: number, text: string, service: string): LaunchportError {
  const { code, hint } =
    MEANINGS[failure] ?? (MEANINGS[Failure.invalid] as { code: ErrorCode; hint: string });
  return new LaunchportError(code, `${service}: ${text}`, { hint, details: { service } });
}

/** The error for what was under way when this side cancelled. */
export function cancelledError(service: string): LaunchportError {
  return new LaunchportError('ERR_XPC_CANCELLED', `${service}: cancelled by this process`, {
    details: { service },
  });
}

/** A reason body: u32 failure, u32 byte length, UTF-8 text. */
export function readReason(
  view: DataView,
  start: number,
  end: number,
): { readonly failure: number; readonly text: string } {
  if (end - start < 8) return { failure: Failure.none, text: '' };
  const length = Math.min(view.getUint32(start + 4, true), end - start - 8);
  const text = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + start + 8, length).toString('utf8');
  return { failure: view.getUint32(start, true), text };
}
