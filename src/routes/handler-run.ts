/** One run of a handler: finds it, gives it its context, sends what comes of it, and closes what the request brought. */
import { errorText, type LaunchportError } from '../base/index.js';
import { type XpcDictionary, XpcEndpoint, type XpcRequest } from '../xpc/index.js';
import { closeDescriptors, releaseRights, rightsIn } from './message-rights.js';
import { PROGRESS_ENDPOINT_KEY } from './progress.js';
import { ConnectedReporter, NO_PROGRESS } from './progress-reporter.js';
import { HandlerContext } from './route-context.js';
import { errorReply, ROUTE_KEY, routeError } from './route-errors.js';
import type { ServerSession } from './session.js';
import type { StreamService } from './stream-server.js';
import { PROGRESS_COUNT_KEY } from './wire-keys.js';

/** Turns a message into a reply. */
export type Responder = (message: XpcDictionary, context: HandlerContext) => Promise<XpcDictionary>;

/** What runs need of their server. */
export interface RouteTable extends StreamService {
  readonly routes: ReadonlyMap<string, Responder>;
  /** Aborts when the process has been asked to end. */
  readonly termination: AbortSignal;
}

/** What came. */
export interface Arrival {
  readonly message: XpcDictionary;
  readonly session: ServerSession;
  /** Undefined for a one-way message. */
  readonly request: XpcRequest | undefined;
  /** Why it is refused, when there is no room for it. */
  readonly excess: LaunchportError | undefined;
}

/** Runs the handler and answers. Rejects only when not even an error reply could be sent. */
export async function runHandler(arrival: Arrival, table: RouteTable): Promise<undefined> {
  const { message, session, request } = arrival;
  const route = message[ROUTE_KEY];
  const rights = rightsIn(message);
  const reporter = reporterFor(message, table);
  const context = new HandlerContext({
    route: typeof route === 'string' ? route : '',
    session,
    request,
    rights,
    progress: reporter ?? NO_PROGRESS,
    termination: table.termination,
  });
  let reply: XpcDictionary;
  try {
    if (arrival.excess !== undefined) throw arrival.excess;
    reply = await responderFor(route, table)(message, context);
  } catch (error) {
    table.logger.debug('request failed', { route, pid: session.credentials.pid, error: errorText(error) });
    releaseRights(rights);
    reply = errorReply(error);
  }
  context.end();
  if (reporter !== undefined) {
    const updates = await reporter.finish();
    if (updates > 0) reply = { [PROGRESS_COUNT_KEY]: BigInt(updates), ...reply };
  }
  try {
    if (request !== undefined) send(request, reply);
  } finally {
    for (const work of context.replied()) runSafely(work, table, route);
    closeDescriptors(rights);
  }
  return undefined;
}

function runSafely(work: () => void, { logger }: RouteTable, route: unknown): void {
  try {
    work();
  } catch (error) {
    logger.error('work after a reply failed', { route, error: errorText(error) });
  }
}

function responderFor(route: unknown, table: RouteTable): Responder {
  if (typeof route !== 'string') throw routeError('invalidArgument', 'invalid request');
  const responder = table.routes.get(route);
  if (responder === undefined) throw routeError('unsupported', `unknown route: ${route}`);
  return responder;
}

function reporterFor(message: XpcDictionary, table: RouteTable): ConnectedReporter | undefined {
  const endpoint = message[PROGRESS_ENDPOINT_KEY];
  if (!(endpoint instanceof XpcEndpoint)) return undefined;
  // Nobody is contacted before there is something to tell.
  return new ConnectedReporter(table.connect(endpoint, { isLazy: true }));
}

/** Sends the reply; one that cannot be encoded becomes an error reply. Of a client that is gone nobody waits. */
function send(request: XpcRequest, reply: XpcDictionary): void {
  if (request.connection.isClosed) return;
  try {
    request.reply(reply);
  } catch (error) {
    if (!request.connection.isClosed) request.reply(errorReply(error));
  }
}
