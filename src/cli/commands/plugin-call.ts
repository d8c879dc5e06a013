/** `launchport plugin call NAME ROUTE [FIELD…]`: one request to a plugin's own Mach service, no server between. */
import { isLaunchportError, LaunchportError, type WaitOptions } from '../../base/index.js';
import { ApiClient, guardFirstCall } from '../../harness/index.js';
import type { ServiceTarget } from '../../launchd/index.js';
import { machServiceName, type ServiceType } from '../../plugin/index.js';
import { RouteClient, type RouteClientOptions } from '../../routes/index.js';
import { type XpcDictionary, XpcTransport } from '../../xpc/index.js';
import { type DeclaredServices, openCatalog, type SearchOptions } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { parseFields } from '../fields.js';
import { writeJson } from '../output/json.js';
import { valueToJson } from '../output/xpc-value.js';
import { jobOf, loadedPlugins, SERVER_TIMEOUT_MS } from '../server.js';

/** Options of `plugin call`. */
export interface PluginCallOptions extends GlobalOptions, SearchOptions {
  readonly type?: string;
  readonly instance?: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Sends the request and writes the reply as JSON. */
export async function pluginCall(
  context: CliContext,
  request: { readonly name: string; readonly route: string; readonly fields: readonly string[] },
  options: PluginCallOptions,
): Promise<void> {
  const { name, route } = request;
  const message = parseFields(request.fields);
  const config = await findConfig(context, name, options);
  const service = machServiceName(serviceType(name, config, options.type), name, options.instance);
  const transport = XpcTransport.default();
  try {
    const guard = options.instance === undefined ? await callGuard(transport, name, context.signal) : {};
    const client = RouteClient.connect(transport, service, { connect: { isLazy: true }, ...guard });
    const wait = { timeout: options.timeout * 1000, signal: context.signal };
    const reply: XpcDictionary = await client.callRaw(route, message, wait).catch((error: unknown) => {
      throw isLaunchportError(error, 'ERR_XPC_INVALID') ? notServed(name, service, error) : error;
    });
    writeJson(context, valueToJson(reply));
  } finally {
    await transport.close();
  }
}

/** Watches the plugin's job during the call, when an API server can tell of it: a plugin that dies is then no hang. */
async function callGuard(
  transport: XpcTransport,
  name: string,
  signal: AbortSignal,
): Promise<Pick<RouteClientOptions, 'guard'>> {
  const server = ApiClient.connect(transport);
  const print = (wait: WaitOptions = {}) => jobOf(server, name, wait);
  const job = await print({ timeout: SERVER_TIMEOUT_MS, signal }).catch(() => undefined);
  if (job === undefined) return {};
  const watched = {
    control: { print: (_: ServiceTarget, wait?: WaitOptions) => print(wait) },
    target: job.target,
    name,
  };
  return { guard: (send, aborted) => guardFirstCall(watched, send, aborted) };
}

/** From disk, or from the API server for a plugin it loaded from a directory that is not searched here. */
async function findConfig(
  context: CliContext,
  name: string,
  options: PluginCallOptions,
): Promise<DeclaredServices> {
  try {
    return (await openCatalog(context, options).find(name)).config;
  } catch (error) {
    if (!isLaunchportError(error, 'ERR_PLUGIN_NOT_FOUND')) throw error;
    const loaded = (await loadedPlugins(context))?.find((plugin) => plugin.name === name);
    if (loaded === undefined) throw error;
    return loaded.config;
  }
}

function serviceType(name: string, config: DeclaredServices, wanted: string | undefined): ServiceType {
  const services = config.servicesConfig?.services ?? [];
  const service = wanted === undefined ? services[0] : services.find(({ type }) => type === wanted);
  if (service !== undefined) return service.type;
  const declared = services.map(({ type }) => type).join(', ') || 'none';
  throw new LaunchportError('ERR_USAGE', `plugin ${name} has no ${wanted ?? 'Mach'} service`, {
    hint: `It declares: ${declared}.`,
    details: { name, type: wanted },
  });
}

function notServed(name: string, service: string, cause: LaunchportError): LaunchportError {
  return new LaunchportError('ERR_PLUGIN_NOT_LOADED', `nothing is registered at ${service}`, {
    hint: `Load the plugin: launchport plugin load ${name}.`,
    details: { name, service },
    cause,
  });
}
