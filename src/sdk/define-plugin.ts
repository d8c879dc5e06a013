/** Plugins as their authors write them: a name, and for each service type the routes it serves. */
import type { z } from 'zod';
import { assertServiceName } from '../base/index.js';
import type { PluginContext, ServiceType } from './plugin-context.js';
import type { ServedRoute } from './served-route.js';

/** One service. See `networkService` and `runtimeService` for those of apple/container. */
export interface PluginService {
  readonly routes: readonly ServedRoute[];
  /** Runs after the plugin's own `start`, before the first request is taken. */
  start?(plugin: PluginContext): void | Promise<void>;
  /** Runs after the plugin's own `stop`. */
  stop?(plugin: PluginContext): void | Promise<void>;
}

/** The service of each type. */
export type PluginServices = {
  readonly [T in ServiceType]?: PluginService;
};

/** A plugin. The name must be that of its bundle: the host names its Mach services after it. */
export interface PluginDefinition<S extends PluginServices = PluginServices, C = unknown> {
  readonly name: string;
  readonly services: S;
  /**
   * What its settings are, the section `[plugin.NAME]` of the user's configuration: the result is
   * `plugin.configuration`. A section that does not fit ends the process with the exit code for a configuration.
   */
  readonly configuration?: z.ZodType<C>;
  /**
   * Milliseconds without a message, a running handler or a new client, after which its process exits with 0 and costs
   * nothing until it is needed again. Default: it stays. launchd starts a job at most every 10 seconds (its
   * `ThrottleInterval`), so less than that makes clients wait.
   */
  readonly idleExit?: number;
  /** Runs before the first request is taken. A throw ends the process. */
  start?(plugin: PluginContext<C>): void | Promise<void>;
  /** Runs after the last request has ended, within the grace period. */
  stop?(plugin: PluginContext<C>): void | Promise<void>;
}

const SERVICE_TYPES: readonly string[] = ['runtime', 'network', 'core', 'auxiliary'] satisfies ServiceType[];

/**
 * Checks a plugin and gives it its type; run it with `serve` or try it with `testPlugin`.
 * @throws LaunchportError ERR_XPC_NAME for a name that no Mach service can carry
 * @throws TypeError without a service, for an unknown service type, or for a route given twice in one service
 * @throws RangeError for an `idleExit` that is no positive number
 */
export function definePlugin<const S extends PluginServices, C = undefined>(
  plugin: PluginDefinition<S, C>,
): PluginDefinition<S, C> {
  assertServiceName(plugin.name);
  const types = Object.keys(plugin.services);
  if (types.length === 0) throw new TypeError(`plugin ${plugin.name} has no service`);
  for (const type of types) {
    if (!SERVICE_TYPES.includes(type)) throw new TypeError(`plugin ${plugin.name}: no service type ${type}`);
    const names = plugin.services[type as ServiceType]?.routes.map(({ name }) => name) ?? [];
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new TypeError(`plugin ${plugin.name}: route ${twice} is given twice`);
  }
  assertIdleExit(plugin.idleExit);
  return plugin;
}

/** @throws RangeError */
export function assertIdleExit(idleExit: number | undefined): void {
  if (idleExit === undefined || idleExit > 0) return;
  throw new RangeError(`idleExit must be a positive number of milliseconds, not ${idleExit}`);
}
