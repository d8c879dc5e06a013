/** The routes of a runtime helper's anonymous connection, each over one container. */
import { untilAborted } from '../../base/index.js';
import { processProtocol, runtimeProtocol } from '../../compat/index.js';
import type { RouteServer } from '../../routes/index.js';
import { fileDescriptor, routeError, type XpcFileDescriptor } from '../../sdk/index.js';
import type { Container } from './container.js';
import type { ClientDescriptors } from './stdio/process-io.js';

/** Milliseconds that a descriptor for a client stays open after its reply was made: it is duplicated as that is sent. */
const REPLY_TIME = 10_000;

/** Adds the routes. @returns the server */
export function handleContainer(server: RouteServer, container: Container): RouteServer {
  return server
    .serve(runtimeProtocol, {
      bootstrap: ({ dynamicEnv, networkBootstrapInfos, ...streams }) =>
        container.bootstrap({
          takeDescriptors: () => taken(streams),
          dynamicEnv: dynamicEnv ?? {},
          networkPlugins: networkBootstrapInfos,
        }),
      start: ({ id }) => container.start(id),
      createProcess: ({ id, processConfig, ...streams }) =>
        container.createProcess(id, processConfig, () => taken(streams)),
      wait: async ({ id }, { signal }) => {
        const { code, exitedAt } = await untilAborted(container.wait(id), signal);
        return { exitCode: code, exitedAt };
      },
      kill: ({ id, signal }, context) => container.kill(id, signal, context.signal),
      resize: ({ id, width, height }) => container.resize(id, width, height),
      state: () => ({ snapshot: container.snapshot() }),
      stop: ({ stopOptions }) => container.stop(stopOptions),
      shutdown: () => container.shutdown(),
      statistics: async () => ({ statistics: await container.statistics() }),
      dial: async ({ port }, { signal }) => {
        const connection = await container.dial(port, signal);
        setTimeout(() => connection[Symbol.dispose](), REPLY_TIME).unref();
        return { fd: fileDescriptor(connection.fd) };
      },
      copyIn: (copy, { signal }) => container.copyIn({ ...copy, signal }),
      copyOut: (copy, { signal }) => container.copyOut({ ...copy, signal }),
      snapshotDisk: () => {
        throw routeError(
          'unsupported',
          'sandboxd has no disk image to copy: its containers run from a directory',
          {
            hint: 'Copy files out of the container instead.',
          },
        );
      },
    })
    .serve(processProtocol, {
      processes: async () => ({ processes: [...(await container.processes())] }),
    });
}

/** The client's descriptors, which are ours from now on. */
function taken(
  streams: {
    readonly [K in keyof ClientDescriptors]?: XpcFileDescriptor | undefined;
  },
): ClientDescriptors {
  return { stdin: streams.stdin?.take(), stdout: streams.stdout?.take(), stderr: streams.stderr?.take() };
}
