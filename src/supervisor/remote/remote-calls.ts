/** Control calls over a link: their deadlines, their repetition, and their errors as the supervisor threw them. */
import { MAX_TIMEOUT_MS } from '../../base/index.js';
import type { ControlOptions } from '../../launchd/index.js';
import { isRouteError, type RouteClient } from '../../routes/index.js';
import { bounded, DEFAULT_TIMEOUT_MS } from '../control-call.js';
import { type ErrorJson, fromErrorJson } from './error-json.js';
import type { Attempt, SupervisorLink } from './link.js';
import { SUPERVISOR_PROTOCOL, supervisorProtocol } from './protocol.js';
import { protocolError } from './version.js';

/** What is sent with every verb, and what bounds it. */
export interface Call extends Attempt {
  readonly head: { readonly protocol: number; readonly call: number; readonly timeout: number };
  readonly bounds: { readonly timeout: number; readonly signal: AbortSignal };
}

/** A reply that may be an error. */
export interface Failing {
  readonly error?: ErrorJson | undefined;
}

const { routes } = supervisorProtocol;

/** Milliseconds a call waits longer than the daemon, whose own error of a deadline says more. */
const GRACE_MS = 250;

/** The calls of one client. */
export class RemoteCalls {
  readonly #link: SupervisorLink;
  #count = 0;

  constructor(link: SupervisorLink) {
    this.#link = link;
  }

  /** Runs a verb and rebuilds the error in its reply. */
  verb<T extends Failing>(
    what: string,
    options: ControlOptions,
    isRepeatable: boolean,
    send: (call: Call) => Promise<T>,
  ): Promise<T> {
    return this.run(what, options, isRepeatable, async (call) => {
      const reply = await send(call).catch(async (error: unknown) => {
        throw isRouteError(error) ? await explained(call.client, error, call.bounds) : error;
      });
      if (reply.error !== undefined) throw fromErrorJson(reply.error);
      return reply;
    });
  }

  /** Runs a call until its deadline, at the next daemon too; the daemon is told when nobody waits any more. */
  run<T>(
    what: string,
    options: ControlOptions,
    isRepeatable: boolean,
    send: (call: Call) => Promise<T>,
  ): Promise<T> {
    const timeout = Math.min(options.timeout ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS - GRACE_MS);
    const begin = performance.now();
    const patience = { timeout: timeout + GRACE_MS, ...(options.signal && { signal: options.signal }) };
    return bounded(what, patience, (signal) =>
      this.#link.run({ what, isRepeatable, timeout, signal }, async (attempt) => {
        const left = Math.max(timeout - (performance.now() - begin), 1);
        const head = { protocol: SUPERVISOR_PROTOCOL, call: this.next(), timeout: left };
        const onAbort = () => cancel(attempt.client, head.call);
        signal.addEventListener('abort', onAbort, { once: true });
        try {
          return await send({ ...attempt, head, bounds: { timeout: left + 2 * GRACE_MS, signal } });
        } finally {
          signal.removeEventListener('abort', onAbort);
        }
      }),
    );
  }

  /** A number for a call, which `cancel` names. */
  next(): number {
    this.#count += 1;
    return this.#count;
  }
}

/** Nobody waits any more; the daemon need not either. */
function cancel(client: RouteClient, call: number): void {
  try {
    client.send(routes.cancel, { call });
  } catch {
    // The connection is gone, and the call with it.
  }
}

/** A route the daemon does not know, or a message it cannot read: it is of another version, or something is broken. */
async function explained(client: RouteClient, error: unknown, bounds: Call['bounds']): Promise<unknown> {
  const info = await client.call(routes.info, {}, bounds).catch(() => undefined);
  if (info === undefined || info.protocol === SUPERVISOR_PROTOCOL) return error;
  return protocolError(SUPERVISOR_PROTOCOL, info.protocol);
}
