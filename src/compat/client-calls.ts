/** What the clients of upstream's services have in common: deadlines, standard streams, and waits without an end. */
import { isLaunchportError, MAX_TIMEOUT_MS, type WaitOptions } from '../base/index.js';
import type { CallOptions, RouteCaller } from '../routes/index.js';
import { fileDescriptor, type XpcFileDescriptor } from '../xpc/index.js';

/** What calls routes: a `RouteClient`, or an `ApiClient`. */
export type Caller = Pick<RouteCaller, 'call'>;

/** Descriptors that become the standard streams of a process; they stay the caller's. An absent one is nothing. */
export interface Stdio {
  readonly stdin?: number | XpcFileDescriptor | undefined;
  readonly stdout?: number | XpcFileDescriptor | undefined;
  readonly stderr?: number | XpcFileDescriptor | undefined;
}

/** Milliseconds per kind of call, where the caller says nothing else. */
export const TIMEOUTS = {
  /** Upstream's `xpcRegistrationTimeout`. */
  usual: 60_000,
  /** Copies, as upstream. */
  copy: 300_000,
  /** Making a sandbox, its networks and its root; upstream has no deadline here. */
  prepare: 300_000,
} as const;

/** `options` with a deadline. */
export function within(timeout: number, options: CallOptions | undefined): CallOptions {
  return { ...options, timeout: options?.timeout ?? timeout };
}

type StdioKeys = { readonly [K in keyof Stdio]?: XpcFileDescriptor };

/** The standard streams as keys of a message. */
export function stdioKeys(stdio: Stdio | undefined): StdioKeys {
  const keys: { -readonly [K in keyof StdioKeys]: StdioKeys[K] } = {};
  for (const name of ['stdin', 'stdout', 'stderr'] as const) {
    const stream = stdio?.[name];
    if (stream !== undefined) keys[name] = typeof stream === 'number' ? fileDescriptor(stream) : stream;
  }
  return keys;
}

/** Asks until there is an answer: without a timeout of the caller's, only its signal ends the wait. */
export async function untilAnswered<T>(
  options: WaitOptions | undefined,
  ask: (options: WaitOptions) => Promise<T>,
): Promise<T> {
  if (options?.timeout !== undefined) return ask(options);
  for (;;) {
    try {
      return await ask({ ...options, timeout: MAX_TIMEOUT_MS });
    } catch (error) {
      if (!isLaunchportError(error, 'ERR_XPC_TIMEOUT')) throw error;
    }
  }
}

/** Whether an error is a service's reply with this code. */
export function isReplyCode(error: unknown, code: string): boolean {
  return isLaunchportError(error, 'ERR_REMOTE') && error.details.code === code;
}
