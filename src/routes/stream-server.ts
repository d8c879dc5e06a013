/** Answers a request for a stream: runs its generator and sends what it yields, until it ends or nobody reads. */
import { errorText, type Logger } from '../base/index.js';
import { type ConnectOptions, type XpcConnection, type XpcDictionary, XpcEndpoint } from '../xpc/index.js';
import type { StreamRoute } from './route.js';
import { encodeItem, encodeReply } from './route-codec.js';
import type { HandlerContext } from './route-context.js';
import { errorReply, routeError } from './route-errors.js';
import { StreamSender } from './stream-sender.js';
import { DEFAULT_WINDOW, STREAM_COUNT_KEY, STREAM_ENDPOINT_KEY, STREAM_WINDOW_KEY } from './wire-keys.js';
import type { WireObject, WireShape } from './wire-shape.js';

/** What a stream's handler returns: its items, and of a generator the reply. */
export type StreamResult<Item extends WireShape, Rep extends WireShape> =
  | AsyncGenerator<WireObject<Item>, StreamReply<Rep>, void>
  // Any other iterable has no reply, so it will do when the reply has no required key.
  | (Record<never, never> extends WireObject<Rep> ? AsyncIterable<WireObject<Item>> : never);

type StreamReply<Rep extends WireShape> =
  // biome-ignore lint/suspicious/noConfusingVoidType: as above
  Record<never, never> extends WireObject<Rep> ? WireObject<Rep> | undefined | void : WireObject<Rep>;

/** What a stream is served with. */
export interface StreamService {
  readonly connect: (endpoint: XpcEndpoint, options: ConnectOptions) => XpcConnection;
  readonly logger: Logger;
}

/**
 * Runs the stream that `start` gives and resolves to the reply that ends it, which is an error reply when it fails: it
 * tells how many items there were. @throws LaunchportError ERR_REMOTE for a request that is none for a stream
 */
export async function serveStream<Item extends WireShape, Rep extends WireShape>(
  route: StreamRoute<WireShape, Item, Rep>,
  message: XpcDictionary,
  context: HandlerContext,
  service: StreamService,
  start: () => StreamResult<Item, Rep>,
): Promise<XpcDictionary> {
  const endpoint = message[STREAM_ENDPOINT_KEY];
  if (!(endpoint instanceof XpcEndpoint)) {
    throw routeError('invalidArgument', `${route.name} is a stream: the request has no place for its items`, {
      hint: 'Ask for it with stream(), not with call().',
    });
  }
  const sender = new StreamSender(
    (handlers) => service.connect(endpoint, { handlers }),
    windowOf(message),
    (reason) => context.abort(reason),
  );
  endpoint.release();
  const onGone = () => sender.leave(context.signal.reason);
  context.signal.addEventListener('abort', onGone, { once: true });
  let reply: XpcDictionary;
  try {
    reply = encodeReply(route, await pump(route, start(), sender, service.logger));
  } catch (error) {
    service.logger.debug('stream failed', { route: route.name, error: errorText(error) });
    reply = errorReply(error);
  }
  await sender.finish();
  return { [STREAM_COUNT_KEY]: BigInt(sender.count), ...reply };
}

/** Sends all items; resolves to what the generator returned. However it ends, the generator's `finally` has run. */
async function pump<Item extends WireShape, Rep extends WireShape>(
  route: StreamRoute<WireShape, Item, Rep>,
  items: StreamResult<Item, Rep>,
  sender: StreamSender,
  logger: Logger,
): Promise<WireObject<Rep>> {
  const iterator = items[Symbol.asyncIterator]() as AsyncIterator<
    WireObject<Item>,
    WireObject<Rep> | undefined
  >;
  for (;;) {
    const step = await iterator.next();
    if (step.done === true) return (step.value ?? {}) as WireObject<Rep>;
    try {
      await sender.send(encodeItem(route, step.value));
    } catch (error) {
      await Promise.resolve(iterator.return?.()).catch((late: unknown) => {
        logger.warn('the end of a stream failed', { route: route.name, error: errorText(late) });
      });
      throw error;
    }
  }
}

function windowOf(message: XpcDictionary): number {
  const window = message[STREAM_WINDOW_KEY];
  return typeof window === 'bigint' ? Number(window) : DEFAULT_WINDOW;
}
