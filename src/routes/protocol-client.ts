/** A client that knows the routes of a protocol by name. */
import type { CallArguments, RouteCaller } from './call-options.js';
import type { CallName, Protocol, ProtocolRoutes, StreamName } from './protocol.js';
import type { NoKeys, Route, StreamRoute } from './route.js';
import type { RouteStream, StreamOptions } from './route-stream.js';
import type { WireObject, WireShape } from './wire-shape.js';

/** Calls the routes of a protocol by name, with their types. Made by `RouteClient.as`. */
export class ProtocolClient<R extends ProtocolRoutes> {
  /** The client underneath. */
  readonly client: RouteCaller;
  readonly protocol: Protocol<R>;

  /** For `RouteClient.as`. */
  constructor(client: RouteCaller, protocol: Protocol<R>) {
    this.client = client;
    this.protocol = protocol;
  }

  /** As `RouteClient.call`. */
  call<K extends CallName<R>>(
    name: K,
    ...args: CallArguments<R[K]['request']>
  ): Promise<WireObject<R[K]['reply']>> {
    return this.client.call(this.#route(name) as Route<R[K]['request'], R[K]['reply']>, ...args);
  }

  /** As `RouteClient.stream`. */
  stream<K extends StreamName<R>>(
    name: K,
    ...args: CallArguments<R[K]['request'], StreamOptions>
  ): RouteStream<WireObject<ItemOf<R[K]>>, WireObject<R[K]['reply']>> {
    const route = this.#route(name) as StreamRoute<R[K]['request'], ItemOf<R[K]>, R[K]['reply']>;
    return this.client.stream(route, ...args);
  }

  /** As `RouteClient.send`. */
  send<K extends CallName<R>>(name: K, request: WireObject<R[K]['request']>): void {
    this.client.send(this.#route(name) as Route<R[K]['request']>, request);
  }

  #route(name: string): Route | StreamRoute {
    const route = this.protocol.routes[name];
    if (route === undefined) throw new TypeError(`protocol ${this.protocol.name} has no route ${name}`);
    return route;
  }
}

type ItemOf<R> = R extends { readonly item: infer Item extends WireShape } ? Item : NoKeys;
