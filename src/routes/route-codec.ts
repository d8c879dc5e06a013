/** Encodes and decodes the messages of a route, with errors that name the route. */
import { LaunchportError } from '../base/index.js';
import type { XpcDictionary } from '../xpc/index.js';
import { decodeRights, type MessageRight } from './message-rights.js';
import { decodeShape, encodeShape, type WireObject, type WireShape } from './wire-shape.js';
import { WireMismatch } from './wire-type.js';

interface Named {
  readonly name: string;
}

/**
 * Decodes a request that brought `rights`; those it does not name are released.
 * @throws LaunchportError ERR_ROUTE_REQUEST, which the client gets as `invalidArgument`
 */
export function decodeRequest<Req extends WireShape>(
  route: Named & { readonly request: Req },
  message: XpcDictionary,
  rights: readonly MessageRight[],
): WireObject<Req> {
  return located('ERR_ROUTE_REQUEST', route.name, { route: route.name }, () =>
    decodeRights(rights, () => decodeShape(route.request, message)),
  );
}

/** Encodes a reply. @throws LaunchportError ERR_ROUTE_REPLY, which the client gets as `internalError` */
export function encodeReply<Rep extends WireShape>(
  route: Named & { readonly reply: Rep },
  reply: WireObject<Rep>,
): XpcDictionary {
  return located('ERR_ROUTE_REPLY', route.name, { route: route.name }, () => encodeShape(route.reply, reply));
}

/** Encodes an item of a stream. @throws LaunchportError ERR_ROUTE_REPLY */
export function encodeItem<Item extends WireShape>(
  route: Named & { readonly item: Item },
  item: WireObject<Item>,
): XpcDictionary {
  return located('ERR_ROUTE_REPLY', `item of ${route.name}`, { route: route.name }, () =>
    encodeShape(route.item, item),
  );
}

/** Runs `work`; a mismatch becomes an error whose message begins with `where`. */
export function located<T>(
  code: 'ERR_ROUTE_REQUEST' | 'ERR_ROUTE_REPLY',
  where: string,
  details: { readonly route: string; readonly service?: string },
  work: () => T,
): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WireMismatch)) throw error;
    throw new LaunchportError(code, `${where}: ${error.message}`, {
      details: { ...details, path: error.path },
    });
  }
}
