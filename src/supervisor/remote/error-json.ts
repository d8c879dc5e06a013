/** Errors as they cross the wire whole: what a route's own error reply keeps is too little for a control call. */
import * as z from 'zod';
import {
  ERROR_CODES,
  type ErrorCode,
  errorText,
  isLaunchportError,
  LaunchportError,
} from '../../base/index.js';

/** The wire form. Unknown keys are ignored. */
export const errorJson = z.object({
  /** One of {@link ERROR_CODES}, a code of another version, or `TypeError` and `RangeError`. */
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  details: z.record(z.string(), z.unknown()),
  /** The text of the failure underneath. */
  cause: z.string().optional(),
});

/** An error in its wire form. */
export type ErrorJson = z.infer<typeof errorJson>;

/** Misuse by a programmer keeps its class; everything else without a code is internal. */
const MISUSE = { TypeError, RangeError } as const;

/** The wire form of whatever was thrown. Never throws. */
export function toErrorJson(thrown: unknown): ErrorJson {
  if (!isLaunchportError(thrown)) {
    const code = Object.entries(MISUSE).find(([, type]) => thrown instanceof type)?.[0] ?? 'ERR_INTERNAL';
    return { code, message: errorText(thrown), details: {} };
  }
  const { code, message, hint, details, cause } = thrown;
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    details: plain(details),
    ...(cause === undefined ? {} : { cause: errorText(cause) }),
  };
}

/**
 * The error again, with the same code. A code this version does not know becomes ERR_REMOTE, with the code in
 * `details.remoteCode`.
 */
export function fromErrorJson(json: ErrorJson): Error {
  const { code, message, hint, details, cause } = json;
  if (Object.hasOwn(MISUSE, code)) return new MISUSE[code as keyof typeof MISUSE](message);
  const isKnown = Object.hasOwn(ERROR_CODES, code);
  return new LaunchportError(isKnown ? (code as ErrorCode) : 'ERR_REMOTE', message, {
    ...(hint === undefined ? {} : { hint }),
    details: isKnown ? details : { ...details, remoteCode: code },
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}

/** Details that JSON can carry: no bigint, no errors, no cycles. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(details, asJson)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function asJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? value.message : value;
}
