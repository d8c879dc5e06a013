/** JSON between the API server and a runtime helper (apple/container, Services/Runtime). */
import * as z from 'zod';
import {
  containerConfiguration,
  containerCreateOptions,
  containerSnapshot,
  runtimeStatus,
} from './container-json.js';
import { filesystem } from './filesystem-json.js';
import { appleDate, base64, fileUrl, payload, uint64 } from './json.js';
import { attachment } from './network-json.js';

/** A runtime helper's sandbox as it is now. */
export const sandboxSnapshot = payload({
  status: runtimeStatus,
  networks: z.array(attachment),
  containers: z.array(containerSnapshot),
});
/** See {@link sandboxSnapshot}. */
export type SandboxSnapshot = z.output<typeof sandboxSnapshot>;

/** Which plugin runs a network of the container; one for each of `configuration.networks`, in their order. */
export const networkBootstrapInfo = payload({ plugin: z.string() });
/** See {@link networkBootstrapInfo}. */
export type NetworkBootstrapInfo = z.output<typeof networkBootstrapInfo>;

/** What a kernel runs on. */
export const systemPlatform = payload({
  os: z.enum(['linux', 'darwin']),
  architecture: z.enum(['arm64', 'amd64']),
});
/** See {@link systemPlatform}. */
export type SystemPlatform = z.output<typeof systemPlatform>;

/** A Linux kernel, for runtimes that boot one. */
export const kernel = payload({
  /** A path here, a file URL in JSON. */
  path: fileUrl,
  platform: systemPlatform,
  commandLine: payload({ kernelArgs: z.array(z.string()), initArgs: z.array(z.string()) }),
});
/** See {@link kernel}. */
export type Kernel = z.output<typeof kernel>;

/** Name of the file in a container's directory that holds a {@link runtimeConfiguration}. */
export const RUNTIME_CONFIGURATION_FILE = 'runtime-configuration.json';

/** What the API server leaves for a runtime helper. */
export const runtimeConfiguration = payload({
  /** The container's directory: a path here, a file URL in JSON. */
  path: fileUrl,
  initialFilesystem: filesystem,
  kernel,
  containerConfiguration: containerConfiguration.optional(),
  containerRootFilesystem: filesystem.optional(),
  options: containerCreateOptions.optional(),
  /** The runtime's own; nobody else looks inside. */
  runtimeData: base64.optional(),
});
/** See {@link runtimeConfiguration}. */
export type RuntimeConfiguration = z.output<typeof runtimeConfiguration>;

/** A process of a container, as `ps` shows it. Not upstream's. */
export const processInfo = payload({
  /** In the container; the host's where the container has no numbers of its own. */
  pid: z.int(),
  hostPid: z.int(),
  user: z.string().optional(),
  command: z.string(),
  startedAt: appleDate.optional(),
  cpuUsec: uint64,
  memoryBytes: uint64,
});
/** See {@link processInfo}. */
export type ProcessInfo = z.output<typeof processInfo>;
