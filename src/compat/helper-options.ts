/** How the clients of helpers reach them. */
import { RouteClient, type RouteClientOptions } from '../routes/index.js';
import { XpcTransport } from '../xpc/index.js';

/** How to reach a helper. */
export interface HelperOptions {
  /** Default the process's own. */
  readonly transport?: XpcTransport;
  /** Bootstrap directory; default the environment's. */
  readonly bootstrap?: string;
  /** Default `com.apple.container.`. */
  readonly prefix?: string;
  /** Milliseconds per call that says nothing else; default 60 000. */
  readonly timeout?: number;
  /** Watches the first call, as `RouteClientOptions.guard`. */
  readonly guard?: NonNullable<RouteClientOptions['guard']>;
}

/** Connects to a Mach service of a helper. */
export function connectHelper(service: string, options: HelperOptions): RouteClient {
  const { transport = XpcTransport.default(), bootstrap, timeout, guard } = options;
  return RouteClient.connect(transport, service, {
    connect: bootstrap === undefined ? {} : { bootstrap },
    ...(timeout === undefined ? {} : { timeout }),
    ...(guard === undefined ? {} : { guard }),
  });
}
