/** Routes of the API server that apple/container has not: how containers and networks fare, and what happens to them. */
import * as z from 'zod';
import { attachment, attachmentConfiguration } from '../compat/index.js';
import { defineProtocol, x } from '../routes/index.js';

/** What is wrong with a thing that is kept all the same. JSON-safe. */
export const problemJson = z.object({
  /** A code of ours, such as `ERR_PLUGIN_NOT_FOUND`. */
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

/** What a container is beyond apple/container's snapshot of it. Dates are RFC 3339. */
export const containerDetailsJson = z.object({
  id: z.string(),
  status: z.enum(['unknown', 'stopped', 'running', 'stopping']),
  /** The runtime plugin; absent when its configuration cannot be read. */
  runtime: z.string().optional(),
  /** Its directory on the server's machine. */
  directory: z.string(),
  createdAt: z.string().optional(),
  /** Of its last start. */
  startedAt: z.string().optional(),
  /** How its command last ended. `code` is absent when nobody saw it. */
  exit: z.object({ code: z.number().int().optional(), at: z.string() }).optional(),
  /** Whether it removes itself when its command has ended. */
  autoRemove: z.boolean(),
  /** The job of its runtime while it has one: label and, when it runs, process. */
  label: z.string().optional(),
  pid: z.number().int().optional(),
  problem: problemJson.optional(),
});

/** What a network is beyond apple/container's resource. */
export const networkDetailsJson = z.object({
  id: z.string(),
  /** The network plugin; absent when its configuration cannot be read. */
  plugin: z.string().optional(),
  /** `idle`: its helper starts with its first use. `failed`: see `problem`. */
  state: z.enum(['idle', 'starting', 'running', 'failed']),
  isBuiltin: z.boolean(),
  /** Containers that name it, sorted. */
  containers: z.array(z.string()),
  label: z.string().optional(),
  problem: problemJson.optional(),
});

/** How the server and all it keeps fare. */
export const serverHealthJson = z.object({
  /** RFC 3339. */
  startedAt: z.string(),
  /** Whether it still looks for what it kept before it was started. */
  isRestoring: z.boolean(),
  containers: z.array(containerDetailsJson),
  networks: z.array(networkDetailsJson),
  /** Plugins that should have been loaded at boot and are not. */
  plugins: z.array(z.object({ name: z.string(), problem: problemJson })),
});

const time = { /** Milliseconds since the epoch. */ time: z.number() };
const container = { ...time, id: z.string() };

/** One step in the life of a container or a network. */
export const serverEventJson = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('container created'), ...container, image: z.string(), runtime: z.string() }),
  /** Its runtime is there and its sandbox is prepared. */
  z.object({ kind: z.literal('container bootstrapped'), ...container }),
  z.object({ kind: z.literal('container started'), ...container }),
  /** Its runtime was found running by a new server. */
  z.object({ kind: z.literal('container found'), ...container }),
  z.object({ kind: z.literal('container stopping'), ...container }),
  z.object({ kind: z.literal('container exited'), ...container, code: z.number().int().optional() }),
  z.object({ kind: z.literal('container removed'), ...container }),
  z.object({ kind: z.literal('container problem'), ...container, problem: problemJson }),
  z.object({ kind: z.literal('network created'), ...container, plugin: z.string() }),
  z.object({ kind: z.literal('network started'), ...container }),
  z.object({ kind: z.literal('network removed'), ...container }),
  z.object({ kind: z.literal('network problem'), ...container, problem: problemJson }),
]);

const streamedEventJson = z.union([
  serverEventJson,
  /** The reader was too slow: this many events before the next one are lost. */
  z.object({ kind: z.literal('dropped'), ...time, count: z.number().int() }),
]);

export type Problem = z.infer<typeof problemJson>;
export type ContainerDetails = z.infer<typeof containerDetailsJson>;
export type NetworkDetails = z.infer<typeof networkDetailsJson>;
export type ServerHealth = z.infer<typeof serverHealthJson>;
export type ServerEvent = z.infer<typeof serverEventJson>;
export type StreamedServerEvent = z.infer<typeof streamedEventJson>;

/** launchport's own routes of the API server. */
export const serverProtocol = defineProtocol({
  name: 'server',
  prefix: 'com.launchport.server/',
  routes: {
    health: { reply: { health: x.json(serverHealthJson) } },
    /** Everything that happens from now on, until the client leaves or the server stops. */
    events: { item: { event: x.json(streamedEventJson) } },
    /** All containers, those too that a broken file keeps out of `containerList`. */
    containers: { reply: { containers: x.json(z.array(containerDetailsJson)) } },
    /** All networks, those too that have no status yet and are not in `networkList`. */
    networks: { reply: { networks: x.json(z.array(networkDetailsJson)) } },
    /** Deletes every network that no container names and that is not built in. */
    networkPrune: { reply: { deleted: x.json(z.array(z.string())) } },
    /** Where a hostname is on any network; nothing when no helper knows it. */
    networkLookup: {
      request: { hostname: x.string() },
      reply: { attachment: x.json(attachment).optional() },
      isIdempotent: true,
    },
    /** Puts a container that does not run on one more network. */
    containerConnect: { request: { id: x.string(), attachment: x.json(attachmentConfiguration) } },
    /** Takes a container that does not run off a network. */
    containerDisconnect: { request: { id: x.string(), network: x.string() } },
  },
});
