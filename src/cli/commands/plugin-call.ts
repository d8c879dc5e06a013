/** `launchport plugin call NAME ROUTE [FIELD…]`: one request to a plugin's own Mach service, no server between. */
import { LaunchportError } from '../../base/index.js';
import { RouteClient } from '../../harness/index.js';
import { machServiceName, type Plugin } from '../../plugin/index.js';
import { XpcTransport } from '../../xpc/index.js';
import { openCatalog, type SearchOptions } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { parseFields } from '../fields.js';
import { valueToJson } from '../output/xpc-value.js';

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
  const message = parseFields(request.fields);
  const plugin = await openCatalog(context, options).find(request.name);
  const service = machServiceName(serviceType(plugin, options.type), plugin.name, options.instance);
  const transport = XpcTransport.default();
  try {
    const client = new RouteClient(transport.connect(service));
    const wait = { timeout: options.timeout * 1000, signal: context.signal };
    const reply = await client.callRaw(request.route, message, wait);
    context.stdout.write(`${JSON.stringify(valueToJson(reply), null, 2)}\n`);
  } finally {
    await transport.close();
  }
}

function serviceType(plugin: Plugin, wanted: string | undefined) {
  const services = plugin.config.servicesConfig?.services ?? [];
  const service = wanted === undefined ? services[0] : services.find(({ type }) => type === wanted);
  if (service !== undefined) return service.type;
  const declared = services.map(({ type }) => type).join(', ') || 'none';
  throw new LaunchportError('ERR_USAGE', `plugin ${plugin.name} has no ${wanted ?? 'Mach'} service`, {
    hint: `It declares: ${declared}.`,
    details: { name: plugin.name, type: wanted },
  });
}
