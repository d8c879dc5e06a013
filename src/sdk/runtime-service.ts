/** The service of a runtime plugin: an endpoint on its Mach service, and apple/container's routes behind that. */
import { createEndpoint, processProtocol, runtimeProtocol } from '../compat/index.js';
import { type HandlerOf, RouteServer, routeError } from '../routes/index.js';
import type { XpcListener } from '../xpc/index.js';
import type { PluginService } from './define-plugin.js';
import type { PluginContext, PluginRouteContext } from './plugin-context.js';
import { route, routesOf } from './served-route.js';

type Routes = typeof runtimeProtocol.routes;
type Handlers<K extends keyof Routes> = { readonly [P in K]: HandlerOf<Routes[P], PluginRouteContext> };

/** What every runtime does: without these no container can be run. */
type Needed = 'bootstrap' | 'start' | 'wait' | 'kill' | 'state' | 'stop';

/**
 * What a runtime plugin does, by route; requests and replies are those of `runtimeProtocol`. What is left out is answered
 * `unsupported`, but for `shutdown`, which succeeds.
 */
export interface RuntimeHandlers extends Handlers<Needed>, Partial<Handlers<Exclude<keyof Routes, Needed>>> {
  /** Our own route: which processes run. */
  readonly processes?: HandlerOf<typeof processProtocol.routes.processes, PluginRouteContext>;
}

/** Milliseconds for answers under way when the plugin ends: those that wait for an exit are sent by then. */
const FAREWELL_MS = 1_000;

interface Open {
  readonly server: RouteServer;
  readonly listener: XpcListener;
}

/**
 * For `services.runtime` of a plugin. End what runs in the plugin's own `stop`: clients that wait for it are answered
 * before their connections end.
 */
export function runtimeService(handlers: RuntimeHandlers): PluginService {
  let open: Open | undefined;
  return {
    routes: [
      route(createEndpoint, () => {
        if (open === undefined) throw routeError('invalidState', 'the runtime is not serving');
        return { runtimeServiceEndpoint: open.listener.endpoint() };
      }),
    ],
    start: (plugin) => {
      open = listen(plugin, handlers);
    },
    stop: async () => {
      if (open === undefined) return;
      const { server, listener } = open;
      open = undefined;
      await server.close({ timeout: FAREWELL_MS });
      listener.cancel();
      await listener.closed;
    },
  };
}

function listen(plugin: PluginContext, handlers: RuntimeHandlers): Open {
  const { logger, transport } = plugin;
  const server = new RouteServer({ logger, transport });
  const { processes, ...rest } = handlers;
  const all = Object.fromEntries(
    Object.keys(runtimeProtocol.routes).map((name) => [
      name,
      rest[name as keyof Routes]?.bind(handlers) ?? absent(name),
    ]),
  );
  const routes = [
    ...routesOf(runtimeProtocol, all as unknown as Handlers<keyof Routes>),
    ...(processes === undefined ? [] : routesOf(processProtocol, { processes: processes.bind(handlers) })),
  ];
  for (const each of routes) each.serve(server, plugin);
  return { server, listener: transport.listenAnonymous(server.accept, server.listenOptions) };
}

function absent(name: string): () => Record<never, never> {
  if (name === 'shutdown') return () => ({});
  return () => {
    throw routeError('unsupported', `this runtime has no ${name}`);
  };
}
