/** What a plugin knows of its process, and its handlers besides their requests. */
import type { Logger } from '../base/index.js';
import type { RouteContext } from '../routes/index.js';
import type { XpcTransport } from '../xpc/index.js';
import type { Invocation } from './instance.js';

/** Service types of apple/container: a runtime per container, a network helper per network, the others one each. */
export type ServiceType = 'runtime' | 'network' | 'core' | 'auxiliary';

/** What a plugin knows of its process. */
export interface PluginContext<C = unknown> extends Invocation {
  readonly pid: number;
  /** Arguments as given, the executable left out. */
  readonly args: readonly string[];
  /** The Mach services it listens on, by type. */
  readonly services: Readonly<Partial<Record<ServiceType, string>>>;
  /** `CONTAINER_APP_ROOT`, `CONTAINER_LOG_ROOT` and what else the host passes. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Its settings, `[plugin.NAME]` of the user's configuration, as its schema made them; undefined without a schema. */
  readonly configuration: C;
  readonly logger: Logger;
  /** What its services are served over: for connections of its own, and listeners that it hands out as endpoints. */
  readonly transport: XpcTransport;
  /** Aborts when the process is about to end, before its clients are left: what they hold may be kept for the next one. */
  readonly terminating: AbortSignal;
}

/** What a handler knows besides its request. */
export interface PluginRouteContext extends RouteContext {
  readonly plugin: PluginContext;
}
