/** The routes of a runtime helper (apple/container, Services/Runtime), and those of ours. */
import { defineProtocol, defineRoute, x } from '../routes/index.js';
import { containerStats, containerStopOptions } from './container-json.js';
import { list, stringMap } from './json.js';
import { processConfiguration } from './process-json.js';
import { networkBootstrapInfo, processInfo, sandboxSnapshot } from './runtime-json.js';
import { signalText } from './signal-text.js';

const stdio = {
  stdin: x.fd().optional(),
  stdout: x.fd().optional(),
  stderr: x.fd().optional(),
};

/** Of a copy: `fileMode` and `createParents` absent are 0 and false, as an absent scalar is to upstream. */
const paths = {
  sourcePath: x.string(),
  destinationPath: x.string(),
  createParents: x.bool().optional(),
};

/** The one route of a runtime helper's Mach service: where the others are. */
export const createEndpoint = defineRoute('com.apple.container.runtime/createEndpoint', {
  reply: { runtimeServiceEndpoint: x.endpoint() },
  isIdempotent: true,
});

/** Every runtime helper serves these on the endpoint that {@link createEndpoint} answers with. `id` is a process's. */
export const runtimeProtocol = defineProtocol({
  name: 'runtime helper',
  prefix: 'com.apple.container.runtime/',
  routes: {
    /** Makes the sandbox, its networks, and its first process, which does not run yet. */
    bootstrap: {
      request: {
        ...stdio,
        /** Environment of this start only. */
        dynamicEnv: x.json(stringMap).optional(),
        /** One for each network of the configuration, in their order. */
        networkBootstrapInfos: x.json(list(networkBootstrapInfo)),
      },
    },
    /** Runs a process that was made before: the container's first, which has its id, or one of `createProcess`. */
    start: { request: { id: x.string() } },
    /** Makes another process, which does not run yet. */
    createProcess: { request: { id: x.string(), processConfig: x.json(processConfiguration), ...stdio } },
    /** Answers when the process has exited; at once with -1 for one that is not known. */
    wait: {
      request: { id: x.string() },
      reply: { exitCode: x.int64().asNumber(), exitedAt: x.date().asDate() },
      isIdempotent: true,
    },
    /** Sends a signal; for SIGKILL the reply comes after the exit. */
    kill: { request: { id: x.string(), signal: signalText } },
    /** Columns and rows of a process's terminal. */
    resize: { request: { id: x.string(), width: x.uint64().asNumber(), height: x.uint64().asNumber() } },
    /** What the sandbox is doing. */
    state: { reply: { snapshot: x.json(sandboxSnapshot) }, isIdempotent: true },
    /** Ends all processes; nothing happens when there are none. */
    stop: { request: { stopOptions: x.json(containerStopOptions) } },
    /** Gets ready to be ended; not while something runs. */
    shutdown: {},
    /** What the sandbox uses. */
    statistics: { reply: { statistics: x.json(containerStats) }, isIdempotent: true },
    /** A connection to a port inside. */
    dial: { request: { port: x.uint64().asNumber() }, reply: { fd: x.fd() } },
    /** From the host into the container. */
    copyIn: { request: { ...paths, fileMode: x.uint64().asNumber().optional() } },
    /** From the container to the host. */
    copyOut: { request: paths },
    /** Copies the disk image of the root file system. */
    snapshotDisk: { request: { imagePath: x.string(), destinationPath: x.string() } },
  },
});

/** Not upstream's: which processes run in the sandbox. */
export const processProtocol = defineProtocol({
  name: 'processes of a sandbox',
  prefix: 'com.launchport.runtime/',
  routes: {
    processes: { reply: { processes: x.json(list(processInfo)) }, isIdempotent: true },
  },
});

/** Mach service of the helper of container `id`. */
export function runtimeServiceName(runtime: string, id: string, prefix = 'com.apple.container.'): string {
  return `${prefix}runtime.${runtime}.${id}`;
}
