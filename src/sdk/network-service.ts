/** The service of a network plugin: apple/container's routes, from handlers that speak of addresses. */
import { type Attachment, interfaceProtocol, type NetworkStatus, networkProtocol } from '../compat/index.js';
import { routeError } from '../routes/index.js';
import type { XpcDictionary, XpcFileDescriptor } from '../xpc/index.js';
import type { PluginService } from './define-plugin.js';
import type { PluginRouteContext } from './plugin-context.js';
import { routesOf } from './served-route.js';

/** Who asks for an address. */
export interface NetworkRequest {
  readonly hostname: string;
  /** As text; without one the plugin chooses. */
  readonly macAddress?: string | undefined;
}

/** Who asks for an interface too. */
export interface InterfaceRequest extends NetworkRequest {
  /** Name inside, as `eth0`. */
  readonly interfaceName: string;
  /** An open file of the network namespace; closed when the handler has ended. */
  readonly netns: XpcFileDescriptor;
  readonly mtu?: number | undefined;
}

type MaybePromise<T> = T | Promise<T>;

/** What a network plugin does. Each handler gets the route's context: `session.onDisconnect` ends a lease. */
export interface NetworkHandlers {
  /** Subnets and gateway. */
  status(context: PluginRouteContext): MaybePromise<NetworkStatus>;
  /** Gives an address, held until the session ends: the same hostname gets the same one. */
  allocate(
    request: NetworkRequest,
    context: PluginRouteContext,
  ): MaybePromise<Attachment | { readonly attachment: Attachment; readonly additionalData?: XpcDictionary }>;
  /** What a hostname was given; undefined when it has nothing. */
  lookup(hostname: string, context: PluginRouteContext): MaybePromise<Attachment | undefined>;
  /** As `allocate`, and makes the interface. Without it runtimes make interfaces themselves, or do without. */
  attach?(
    request: InterfaceRequest,
    context: PluginRouteContext,
  ): MaybePromise<{
    readonly attachment: Attachment;
    readonly isConnected: boolean;
    readonly reason?: string;
  }>;
}

/** For `services.network` of a plugin. */
export function networkService(handlers: NetworkHandlers): PluginService {
  const base = routesOf(networkProtocol, {
    status: async (_request, context) => ({ status: await handlers.status(context) }),
    allocate: async (request, context) => {
      assertHostname(request.hostname);
      const given = await handlers.allocate(request, context);
      return 'attachment' in given ? given : { attachment: given };
    },
    lookup: async ({ hostname }, context) => {
      const attachment = await handlers.lookup(hostname, context);
      return attachment === undefined ? {} : { attachment };
    },
  });
  const { attach } = handlers;
  if (attach === undefined) return { routes: base };
  const more = routesOf(interfaceProtocol, {
    attach: (request, context) => {
      assertHostname(request.hostname);
      return attach.call(handlers, request, context);
    },
  });
  return { routes: [...base, ...more] };
}

function assertHostname(hostname: string): void {
  if (hostname === '') throw routeError('invalidArgument', 'hostname is empty');
}
