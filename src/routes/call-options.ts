/** How calls and streams are made, and what can make them. */
import type { WaitOptions } from '../base/index.js';
import type { ProgressListener } from './progress-receiver.js';
import type { Route, StreamRoute } from './route.js';
import type { RouteStream, StreamOptions } from './route-stream.js';
import type { WireObject, WireShape } from './wire-shape.js';

/** How one call is made. */
export interface CallOptions extends WaitOptions {
  /**
   * Hears how far the work is. Whether a service tells it is up to its handler; ours and apple/container's do so the
   * same way. What a service of ours told before its reply is heard before the call resolves.
   */
  readonly onProgress?: ProgressListener;
}

/** Arguments of a call: the request may be left out when it has no required key. */
export type CallArguments<Req extends WireShape, Options = CallOptions> =
  Record<never, never> extends WireObject<Req>
    ? [request?: WireObject<Req>, options?: Options]
    : [request: WireObject<Req>, options?: Options];

/** What calls routes: a `RouteClient`. */
export interface RouteCaller {
  call<Req extends WireShape, Rep extends WireShape>(
    route: Route<Req, Rep>,
    ...args: CallArguments<Req>
  ): Promise<WireObject<Rep>>;
  stream<Req extends WireShape, Item extends WireShape, Rep extends WireShape>(
    route: StreamRoute<Req, Item, Rep>,
    ...args: CallArguments<Req, StreamOptions>
  ): RouteStream<WireObject<Item>, WireObject<Rep>>;
  send<Req extends WireShape>(route: Route<Req, WireShape>, request: WireObject<Req>): void;
}
