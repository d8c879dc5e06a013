/** JSON of containers (apple/container, ContainerResource/Container). */
import * as z from 'zod';
import { ipAddress } from './addresses.js';
import { filesystem } from './filesystem-json.js';
import { hostPlatform, imageDescription, platform } from './image-json.js';
import { appleDate, payload, stringMap, uint16, uint64 } from './json.js';
import { attachment, attachmentConfiguration, unknownDate } from './network-json.js';
import { processConfiguration } from './process-json.js';
import { socketPath } from './socket-path.js';

/** The runtime plugin of a container that names none. */
export const DEFAULT_RUNTIME_PLUGIN = 'container-runtime-linux';

const MIB = 1024 * 1024;

/** A port of the host that leads to one of the container; `count` of each, one after another. */
export const publishPort = payload({
  hostAddress: ipAddress,
  hostPort: uint16,
  containerPort: uint16,
  proto: z.enum(['tcp', 'udp']),
  count: uint16.min(1).default(1),
}).refine(
  ({ hostPort, containerPort, count }) => Math.max(hostPort, containerPort) + count - 1 <= 65_535,
  'ports beyond 65535',
);
/** See {@link publishPort}. */
export type PublishPort = z.output<typeof publishPort>;

/** A Unix socket of the container at a path of the host. Paths are absolute. */
export const publishSocket = payload({
  containerPath: socketPath,
  hostPath: socketPath,
  /** Mode bits. */
  permissions: uint16.optional(),
});
/** See {@link publishSocket}. */
export type PublishSocket = z.output<typeof publishSocket>;

/** How names are resolved in a container. */
export const dnsConfiguration = payload({
  nameservers: z.array(z.string()),
  domain: z.string().optional(),
  searchDomains: z.array(z.string()),
  options: z.array(z.string()),
});
/** See {@link dnsConfiguration}. */
export type DnsConfiguration = z.output<typeof dnsConfiguration>;

/** What a container may use. */
export const containerResources = payload({
  cpus: z.int().default(4),
  memoryInBytes: uint64.default(1024 * MIB),
  /** Bytes. */
  storage: uint64.optional(),
  cpuOverhead: z.int().default(1),
});
/** See {@link containerResources}. */
export type ContainerResources = z.output<typeof containerResources>;

/** A container as it was asked for. Only `id`, `image` and `initProcess` need be there. */
export const containerConfiguration = payload({
  id: z.string(),
  image: imageDescription,
  mounts: z.array(filesystem).default([]),
  publishedPorts: z.array(publishPort).default([]),
  publishedSockets: z.array(publishSocket).default([]),
  labels: stringMap.default({}),
  sysctls: stringMap.default({}),
  networks: z.array(attachmentConfiguration).default([]),
  dns: dnsConfiguration.optional(),
  rosetta: z.boolean().default(false),
  initProcess: processConfiguration,
  platform: platform.default(() => hostPlatform()),
  resources: containerResources.default({ cpus: 4, memoryInBytes: 1024 * MIB, cpuOverhead: 1 }),
  runtimeHandler: z.string().default(DEFAULT_RUNTIME_PLUGIN),
  virtualization: z.boolean().default(false),
  ssh: z.boolean().default(false),
  readOnly: z.boolean().default(false),
  useInit: z.boolean().default(false),
  capAdd: z.array(z.string()).default([]),
  capDrop: z.array(z.string()).default([]),
  /** Bytes of /dev/shm. */
  shmSize: uint64.optional(),
  /** Name or number. */
  stopSignal: z.string().optional(),
  maskedPaths: z.array(z.string()).optional(),
  readonlyPaths: z.array(z.string()).optional(),
  creationDate: appleDate.default(unknownDate),
});
/** See {@link containerConfiguration}. */
export type ContainerConfiguration = z.output<typeof containerConfiguration>;

/** What is going on, as clients see it. */
export const runtimeStatus = z.enum(['unknown', 'stopped', 'running', 'stopping']);
/** See {@link runtimeStatus}. */
export type RuntimeStatus = z.output<typeof runtimeStatus>;

/** A container as it is now. */
export const containerSnapshot = payload({
  configuration: containerConfiguration,
  status: runtimeStatus,
  networks: z.array(attachment),
  startedDate: appleDate.optional(),
});
/** See {@link containerSnapshot}. */
export type ContainerSnapshot = z.output<typeof containerSnapshot>;

/** What becomes of a container when it ends, and a root file system instead of the image's. */
export const containerCreateOptions = payload({
  autoRemove: z.boolean(),
  rootFsOverride: filesystem.optional(),
});
/** See {@link containerCreateOptions}. */
export type ContainerCreateOptions = z.output<typeof containerCreateOptions>;

/** How a container is stopped: `signal`, and SIGKILL when the time is over. */
export const containerStopOptions = payload({
  timeoutInSeconds: z.int32(),
  signal: z.string().optional(),
});
/** See {@link containerStopOptions}. */
export type ContainerStopOptions = z.output<typeof containerStopOptions>;

/** What stops a container when nothing else is said: five seconds, and the container's own signal. */
export const DEFAULT_STOP_OPTIONS: ContainerStopOptions = { timeoutInSeconds: 5 };

/** What a container uses. What a runtime cannot tell is absent. */
export const containerStats = payload({
  id: z.string(),
  memoryUsageBytes: uint64.optional(),
  memoryLimitBytes: uint64.optional(),
  cpuUsageUsec: uint64.optional(),
  networkRxBytes: uint64.optional(),
  networkTxBytes: uint64.optional(),
  blockReadBytes: uint64.optional(),
  blockWriteBytes: uint64.optional(),
  numProcesses: uint64.optional(),
});
/** See {@link containerStats}. */
export type ContainerStats = z.output<typeof containerStats>;

/** Which containers to list. No ids means all; a label's value is a regular expression. */
export const containerListFilters = payload({
  ids: z.array(z.string()),
  status: runtimeStatus.optional(),
  labels: stringMap,
});
/** See {@link containerListFilters}. */
export type ContainerListFilters = z.output<typeof containerListFilters>;
