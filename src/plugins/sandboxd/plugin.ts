/** The runtime plugin sandboxd: upstream's runtime routes over a container in a sandbox. */
import { isAbsolute } from 'node:path';
import { createEndpoint } from '../../compat/index.js';
import { RouteServer } from '../../routes/index.js';
import { definePlugin, LaunchportError, type PluginContext, route } from '../../sdk/index.js';
import type { ConnectOptions, XpcEndpoint, XpcListener } from '../../xpc/index.js';
import { Container } from './container.js';
import { handleContainer } from './container-routes.js';
import type { RuntimeEnvironment } from './environment.js';

/** The plugin's name, which is that of its bundle. */
export const NAME = 'sandboxd';

/**
 * Milliseconds after SIGTERM for the container to end by itself before it gets SIGKILL. launchd kills this process five
 * seconds after SIGTERM, and it needs some of them.
 */
const TERMINATION_TIMEOUT = 2_000;
/** Milliseconds for answers to clients that wait for the end. */
const FAREWELL_TIMEOUT = 800;

/** What tests change. */
export interface SandboxdOptions {
  readonly environment: RuntimeEnvironment;
  /** How network helpers are connected to. */
  readonly connect?: ConnectOptions;
}

/** One process's container, and how it is reached. */
interface Service {
  readonly container: Container;
  readonly server: RouteServer;
  readonly listener: XpcListener;
  /** Given to each client that asks. */
  readonly endpoint: XpcEndpoint;
}

/** The plugin; a process of it serves the one container that its arguments name. */
export function sandboxd({ environment, connect }: SandboxdOptions) {
  let service: Service | undefined;
  return definePlugin({
    name: NAME,
    services: {
      runtime: {
        routes: [
          route(createEndpoint, () => {
            if (service === undefined) throw new LaunchportError('ERR_INTERNAL', 'no container yet');
            return { runtimeServiceEndpoint: service.endpoint };
          }),
        ],
      },
    },
    start: (plugin) => {
      service = open(plugin, environment, connect);
    },
    stop: async () => {
      if (service === undefined) return;
      const { container, server, listener, endpoint } = service;
      await container.terminate(TERMINATION_TIMEOUT);
      await server.close({ timeout: FAREWELL_TIMEOUT });
      endpoint.release();
      listener.cancel();
      await listener.closed;
    },
  });
}

function open(plugin: PluginContext, environment: RuntimeEnvironment, connect?: ConnectOptions): Service {
  const { instance: id, root: directory, logger, transport } = plugin;
  if (id === undefined || directory === undefined || !isAbsolute(directory)) {
    throw new LaunchportError('ERR_USAGE', `${NAME} needs --uuid ID and --root DIRECTORY, an absolute path`);
  }
  const container = new Container({
    id,
    directory,
    logger,
    environment,
    network: {
      transport,
      logger,
      prefix: prefixOf(plugin, id),
      ...(connect === undefined ? {} : { connect }),
    },
  });
  const server = handleContainer(new RouteServer({ logger, transport }), container);
  const listener = transport.listenAnonymous(server.accept, server.listenOptions);
  return { container, server, listener, endpoint: listener.endpoint() };
}

/** What Mach services of this host begin with: its own name tells. */
function prefixOf({ services }: PluginContext, id: string): string {
  const name = services.runtime as string;
  return name.slice(0, name.length - `runtime.${NAME}.${id}`.length);
}
