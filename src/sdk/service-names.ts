/** Which Mach services a plugin's process serves, and whether it was given them. */
import { assertServiceName, LaunchportError } from '../base/index.js';
import type { PluginDefinition } from './define-plugin.js';
import type { Invocation } from './instance.js';
import type { ServiceType } from './plugin-context.js';
import type { PluginProcess } from './plugin-process.js';

/** First part of every Mach service of apple/container. */
const DEFAULT_PREFIX = 'com.apple.container.';
/** Where a host with another prefix tells it; launchd itself tells a job nothing of its services. */
const PREFIX_VARIABLE = 'CONTAINER_SERVICE_PREFIX';

/**
 * The Mach service of each type, `com.apple.container.TYPE.NAME[.INSTANCE]`: a runtime is not told its name and makes
 * it itself, a network is told with `--service-identifier`. The prefix may be another: where sockets are inherited, they
 * tell it, elsewhere `CONTAINER_SERVICE_PREFIX` does.
 * @throws LaunchportError ERR_USAGE when the process was started by hand, ERR_PLUGIN_CONFIG when the job lacks a
 *   service, ERR_XPC_NAME for a name too long
 */
export function serviceNames(
  plugin: PluginDefinition,
  invocation: Invocation,
  process: PluginProcess,
): Readonly<Partial<Record<ServiceType, string>>> {
  const inherited = process.hasLaunchd ? undefined : inheritedNames(plugin.name, process);
  const prefix = process.env[PREFIX_VARIABLE] || DEFAULT_PREFIX;
  const names: Partial<Record<ServiceType, string>> = {};
  for (const type of Object.keys(plugin.services) as ServiceType[]) {
    const instance = invocation.instance === undefined ? '' : `.${invocation.instance}`;
    const tail = `${type}.${plugin.name}${instance}`;
    const told = type === 'network' ? invocation.serviceIdentifier : undefined;
    const name = told ?? inherited?.find((each) => each.endsWith(`.${tail}`)) ?? prefix + tail;
    assertServiceName(name);
    if (inherited !== undefined && !inherited.includes(name))
      throw missingService(plugin.name, name, inherited);
    names[type] = name;
  }
  return names;
}

/** Names of the listening sockets the process was started with (sd_listen_fds_with_names(3)). */
function inheritedNames(plugin: string, { env, pid }: PluginProcess): readonly string[] {
  if (env.LISTEN_FDNAMES !== undefined && env.LISTEN_PID === String(pid))
    return env.LISTEN_FDNAMES.split(':');
  throw new LaunchportError(
    'ERR_USAGE',
    `plugin ${plugin} was not started by launchport: it has no sockets`,
    {
      hint:
        `A plugin is started on demand by its first message. Run "launchport system run", then ` +
        `"launchport plugin load ${plugin}" and "launchport plugin call ${plugin} ROUTE".`,
      details: { plugin },
    },
  );
}

function missingService(plugin: string, service: string, inherited: readonly string[]): LaunchportError {
  return new LaunchportError(
    'ERR_PLUGIN_CONFIG',
    `plugin ${plugin} was not given its Mach service ${service}`,
    {
      hint: 'Its config must declare every service type it serves, and its bundle have the name it is defined with.',
      details: { plugin, service, inherited },
    },
  );
}
