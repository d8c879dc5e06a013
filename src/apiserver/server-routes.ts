/** The routes that apple/container has not: health, events, details; and upstream's for networks. */
import { networksProtocol } from '../compat/index.js';
import { type BootReport, type ServerHealth, serverProtocol } from '../harness/index.js';
import type { ProtocolHandlers, RouteServer } from '../routes/index.js';
import { after } from './after.js';
import type { ContainersService } from './containers-service.js';
import type { EventFeed } from './event-feed.js';
import type { NetworksService } from './networks-service.js';
import { problemOf } from './problem.js';

/** What the routes tell of. */
export interface ServerParts {
  readonly containers: ContainersService;
  readonly networks: NetworksService;
  readonly events: EventFeed;
  readonly startedAt: Date;
  /** Whether earlier containers and networks are still being looked for. */
  isRestoring(): boolean;
  /** How the boot of plugins went; undefined while it goes on. */
  bootReport(): BootReport | undefined;
}

/** Serves upstream's routes for networks; each waits until `loaded`. */
export function addNetworkRoutes(
  routes: RouteServer,
  service: NetworksService,
  loaded: Promise<unknown>,
): void {
  const handlers: ProtocolHandlers<typeof networksProtocol.routes> = {
    networkCreate: async ({ networkConfig }) => ({ networkResource: await service.create(networkConfig) }),
    networkList: async () => ({ networkResources: [...(await service.list())] }),
    networkDelete: async ({ networkId }) => {
      await service.delete(networkId);
    },
  };
  routes.serve(networksProtocol, after(loaded, handlers));
}

/** Serves our own; all but the events wait until `loaded`. */
export function addServerRoutes(routes: RouteServer, parts: ServerParts, loaded: Promise<unknown>): void {
  const { containers, networks, events } = parts;
  type Calls = Omit<ProtocolHandlers<typeof serverProtocol.routes>, 'events'>;
  const calls: Calls = {
    health: () => ({ health: healthOf(parts) }),
    containers: () => ({ containers: [...containers.details()] }),
    networks: () => ({ networks: [...networks.details()] }),
    networkPrune: async () => ({ deleted: [...(await networks.prune())] }),
    networkLookup: async ({ hostname }) => {
      const attachment = await networks.lookup(hostname);
      return attachment === undefined ? {} : { attachment };
    },
    containerConnect: async ({ id, attachment }) => {
      await containers.connect(id, attachment);
    },
    containerDisconnect: async ({ id, network }) => {
      await containers.disconnect(id, network);
    },
  };
  routes.serve(serverProtocol, {
    ...after(loaded, calls),
    events: async function* (_request, { signal, terminating }) {
      const ending = AbortSignal.any([signal, terminating]);
      for await (const event of events.stream({ signal: ending })) yield { event };
    },
  });
}

function healthOf(parts: ServerParts): ServerHealth {
  const failed = parts.bootReport()?.results.filter(({ error }) => error !== undefined) ?? [];
  return {
    startedAt: parts.startedAt.toISOString(),
    isRestoring: parts.isRestoring(),
    containers: [...parts.containers.details()],
    networks: [...parts.networks.details()],
    plugins: failed.map(({ name, error }) => ({ name, problem: problemOf(error) })),
  };
}
