/** The routes of the API server for containers, as upstream has them, and those of ours. */
import { defineProtocol, x } from '../routes/index.js';
import {
  containerConfiguration,
  containerCreateOptions,
  containerListFilters,
  containerSnapshot,
  containerStats,
  containerStopOptions,
} from './container-json.js';
import { list, stringMap } from './json.js';
import { processConfiguration } from './process-json.js';
import { kernel, processInfo, systemPlatform } from './runtime-json.js';
import { signalText } from './signal-text.js';

const container = { id: x.string() };
/** A process of a container; the first one has the container's id. */
const process = { id: x.string(), processIdentifier: x.string() };
const stdio = {
  stdin: x.fd().optional(),
  stdout: x.fd().optional(),
  stderr: x.fd().optional(),
};
const paths = {
  ...container,
  sourcePath: x.string(),
  destinationPath: x.string(),
  createParents: x.bool().optional(),
};

/** Containers, by the names that travel. */
export const containerProtocol = defineProtocol({
  name: 'containers',
  routes: {
    containerList: {
      request: { listFilters: x.json(containerListFilters).optional() },
      reply: { containers: x.json(list(containerSnapshot)) },
      isIdempotent: true,
    },
    /** Makes a container, which does not run yet. */
    containerCreate: {
      request: {
        containerConfig: x.json(containerConfiguration),
        containerOptions: x.json(containerCreateOptions).optional(),
        /** Upstream's server requires it; ours does without. */
        kernel: x.json(kernel).optional(),
        initImage: x.string().optional(),
        /** Handed to the runtime as it is. */
        runtimeData: x.data().optional(),
      },
    },
    /** Starts the runtime helper, and has it make the sandbox and the first process. */
    containerBootstrap: {
      request: { ...container, ...stdio, dynamicEnv: x.json(stringMap).optional() },
    },
    containerCreateProcess: {
      request: { ...process, processConfig: x.json(processConfiguration), ...stdio },
    },
    containerStartProcess: { request: process },
    /** Answers when the process has exited. */
    containerWait: {
      request: process,
      reply: { exitCode: x.int64().asNumber(), exitedAt: x.date().asDate().optional() },
      isIdempotent: true,
    },
    containerDelete: { request: { ...container, forceDelete: x.bool().optional() } },
    containerStop: { request: { ...container, stopOptions: x.json(containerStopOptions) } },
    containerDial: { request: { ...container, port: x.uint64().asNumber() }, reply: { fd: x.fd() } },
    containerResize: {
      request: { ...process, width: x.uint64().asNumber(), height: x.uint64().asNumber() },
    },
    containerKill: { request: { ...process, signal: signalText } },
    /** Open files: the output of the processes, then the log of the boot. */
    containerLogs: { request: container, reply: { logs: x.array(x.fd()) } },
    containerStats: {
      request: container,
      reply: { statistics: x.json(containerStats) },
      isIdempotent: true,
    },
    /** Bytes. */
    containerDiskUsage: { request: container, reply: { containerSize: x.uint64() }, isIdempotent: true },
    containerCopyIn: { request: { ...paths, fileMode: x.uint64().asNumber().optional() } },
    containerCopyOut: { request: paths },
    /** Writes the root file system as a tar archive to a path of the server's host. */
    containerExport: { request: { ...container, archive: x.string() } },
    /** The kernel that containers get. Ours has none. */
    getDefaultKernel: {
      request: { systemPlatform: x.json(systemPlatform) },
      reply: { kernel: x.json(kernel) },
      isIdempotent: true,
    },
  },
});

/** Not upstream's: which processes run in a container. */
export const containerProcessProtocol = defineProtocol({
  name: 'processes of containers',
  prefix: 'com.launchport.container/',
  routes: {
    processes: {
      request: container,
      reply: { processes: x.json(list(processInfo)) },
      isIdempotent: true,
    },
  },
});
