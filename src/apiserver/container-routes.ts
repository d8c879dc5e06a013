/** The routes for containers: what comes over the wire, checked, and handed to the service. */
import { containerProcessProtocol, containerProtocol } from '../compat/index.js';
import { type ProtocolHandlers, type RouteContext, type RouteServer, routeError } from '../routes/index.js';
import { fileDescriptor } from '../xpc/index.js';
import { after } from './after.js';
import type { CreateRequest } from './container-creation.js';
import type { ContainersService } from './containers-service.js';
import { diskUsage } from './disk-usage.js';

/** What upstream says of an end that nobody saw. */
const UNSEEN = -1;

/** Largest terminal, in columns and rows (struct winsize). */
const MAX_SIZE = 65_535;

/** Serves the routes; each waits until `loaded`. */
export function addContainerRoutes(
  routes: RouteServer,
  service: ContainersService,
  loaded: Promise<unknown>,
): void {
  const handlers: ProtocolHandlers<typeof containerProtocol.routes> = {
    containerList: ({ listFilters }) => ({ containers: [...service.list(listFilters)] }),
    containerCreate: async ({ containerConfig, containerOptions, kernel, runtimeData }, context) => {
      const request: CreateRequest = {
        configuration: containerConfig,
        options: containerOptions ?? { autoRemove: false },
        ...(kernel === undefined ? {} : { kernel }),
        ...(runtimeData === undefined ? {} : { runtimeData }),
      };
      await service.create(request, { signal: context.signal, progress: context.progress });
    },
    containerBootstrap: async ({ id, dynamicEnv = {}, ...stdio }, { signal }) => {
      await service.bootstrap(id, stdio, dynamicEnv, signal);
    },
    containerCreateProcess: async ({ id, processIdentifier, processConfig, ...stdio }) => {
      await service.createProcess(id, processIdentifier, processConfig, stdio);
    },
    containerStartProcess: async ({ id, processIdentifier }, { signal }) => {
      await service.startProcess(id, processIdentifier, signal);
    },
    containerWait: async ({ id, processIdentifier }, { signal }) => {
      const { code, at } = await service.wait(id, processIdentifier, signal);
      return { exitCode: code ?? UNSEEN, exitedAt: at };
    },
    containerDelete: async ({ id, forceDelete = false }) => {
      await service.delete(id, forceDelete);
    },
    containerStop: async ({ id, stopOptions }) => {
      await service.stop(id, stopOptions);
    },
    containerDial: async ({ id, port }, context) => {
      const fd = await service.dial(id, port);
      context.afterReply(() => fd.close());
      return { fd };
    },
    containerResize: async ({ id, processIdentifier, width, height }) => {
      if (Math.max(width, height) > MAX_SIZE)
        throw routeError('invalidArgument', `no terminal is ${width} by ${height}`);
      await service.resize(id, processIdentifier, { width, height });
    },
    containerKill: async ({ id, processIdentifier, signal }) => {
      await service.kill(id, processIdentifier, signal);
    },
    containerLogs: async ({ id }, context) => sendLogs(service, id, context),
    containerStats: async ({ id }) => ({ statistics: await service.stats(id) }),
    containerDiskUsage: async ({ id }, { signal }) => ({
      containerSize: await diskUsage(service.directory(id), signal),
    }),
    containerCopyIn: async ({ id, sourcePath, destinationPath, fileMode = 0, createParents = false }) => {
      await service.copyIn(id, { sourcePath, destinationPath, fileMode, createParents });
    },
    containerCopyOut: async ({ id, sourcePath, destinationPath, createParents = false }) => {
      await service.copyOut(id, { sourcePath, destinationPath, createParents });
    },
    containerExport: ({ id }) => {
      service.directory(id);
      throw routeError('unsupported', 'containers cannot be exported', {
        hint: 'Copy what you need out of it: launchport cp',
      });
    },
    getDefaultKernel: () => {
      throw routeError('notFound', 'there is no kernel: sandboxes share the one of this machine');
    },
  };
  routes.serve(containerProtocol, after(loaded, handlers)).serve(
    containerProcessProtocol,
    after(loaded, {
      processes: async ({ id }) => ({ processes: [...(await service.processes(id))] }),
    } satisfies ProtocolHandlers<typeof containerProcessProtocol.routes>),
  );
}

async function sendLogs(service: ContainersService, id: string, context: RouteContext) {
  const { stdio, boot } = await service.logs(id);
  const files = [stdio, boot];
  context.afterReply(() => {
    for (const file of files) file.close().catch(() => {});
  });
  return { logs: files.map(({ fd }) => fileDescriptor(fd)) };
}
