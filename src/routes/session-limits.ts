/** How many handlers run at once, for a server and for each of its clients, and who is refused when it fills up. */
import type { LaunchportError } from '../base/index.js';
import { routeError } from './route-errors.js';

/** Bounds on running handlers. */
export interface HandlerLimits {
  /** Over all clients. */
  readonly maxConcurrent: number;
  /** Of one client. */
  readonly maxConcurrentPerSession: number;
}

/** A client may run so many times as many handlers as there are places left. */
const SHARE = 8;

/**
 * The refusal of one more request of a client with `ofSession` running handlers, when `running` run in all; undefined
 * when there is room. Nothing waits in a queue, for a long request must not hold up others. The last places go to those
 * who run little: a few clients that fill a server up leave room for the first requests of others.
 */
export function refusal(
  { maxConcurrent, maxConcurrentPerSession }: HandlerLimits,
  running: number,
  ofSession: number,
): LaunchportError | undefined {
  const free = maxConcurrent - running;
  if (ofSession >= maxConcurrentPerSession) return busy(`${ofSession} of this client are running`);
  return free > 0 && ofSession < SHARE * free ? undefined : busy(`${running} are running`);
}

function busy(why: string): LaunchportError {
  return routeError('invalidState', `too many requests: ${why}`, {
    hint: 'Wait for replies before sending more.',
  });
}
