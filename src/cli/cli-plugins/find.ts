/** Which plugin a word on the command line means, and, when it means none that can run, exactly why not. */
import { stat } from 'node:fs/promises';
import { LaunchportError, printable } from '../../base/index.js';
import { assertPluginName, isCliPlugin, type Plugin } from '../../plugin/index.js';
import { openCatalog } from '../catalog.js';
import type { CliContext } from '../context.js';

/** Gives the name that was probably meant, when one was. */
export type Suggestion = () => Promise<string | undefined>;

/**
 * The CLI plugin of this name. Broken bundles that a good one stands in for are told on stderr.
 * @throws LaunchportError ERR_USAGE when nothing has the name; ERR_PLUGIN_CONFIG, ERR_PLUGIN_BINARY or
 *   ERR_PLUGIN_DIRECTORY for what is wrong with the one that has it; ERR_UNSUPPORTED when it is a daemon
 */
export async function findCommand(
  context: CliContext,
  name: string,
  pluginDir: readonly string[],
  suggestion?: Suggestion,
): Promise<Plugin> {
  const plugin = await lookUp(context, name, pluginDir, suggestion);
  if (!isCliPlugin(plugin)) throw isDaemon(plugin);
  return plugin;
}

/** The plugin of this name, command or not. @throws as {@link findCommand}, without ERR_UNSUPPORTED */
export async function lookUp(
  context: CliContext,
  name: string,
  pluginDir: readonly string[],
  suggestion: Suggestion = async () => undefined,
): Promise<Plugin> {
  if (!isName(name)) throw unknownCommand(name, [], await suggestion());
  const { plugin, diagnostics, failures, searched } = await openCatalog(context, { pluginDir }).lookup(name);
  if (plugin !== undefined) {
    for (const { severity, message } of diagnostics) {
      if (severity === 'error') context.stderr.write(`warning: ${printable(message)}\n`);
    }
    return plugin;
  }
  if (failures[0] !== undefined) throw failures[0];
  for (const path of searched) {
    if (await isDirectory(path)) throw noConfig(name, path);
  }
  throw unknownCommand(name, searched, await suggestion());
}

/** The CLI plugin that a built-in command of the same name hides; undefined when there is none that would run. */
export async function shadowedBy(
  context: CliContext,
  command: string,
  pluginDir: readonly string[],
): Promise<Plugin | undefined> {
  const { plugin } = await openCatalog(context, { pluginDir }).lookup(command);
  return plugin !== undefined && isCliPlugin(plugin) ? plugin : undefined;
}

function isName(name: string): boolean {
  try {
    assertPluginName(name);
    return true;
  } catch {
    return false;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

function unknownCommand(name: string, searched: readonly string[], suggestion?: string): LaunchportError {
  const hints = [
    ...(suggestion === undefined ? [] : [`Did you mean ${suggestion}?`]),
    'launchport --help lists what there is.',
    ...(searched.length === 0 ? [] : [`A plugin of that name would be one of: ${searched.join(', ')}`]),
  ];
  return new LaunchportError(
    'ERR_USAGE',
    `unknown command ${JSON.stringify(name)}: no plugin has that name`,
    {
      hint: hints.join('\n'),
      details: { command: name, searched },
    },
  );
}

function noConfig(name: string, path: string): LaunchportError {
  return new LaunchportError('ERR_PLUGIN_CONFIG', `plugin ${name}: ${path} has no config file`, {
    hint: 'It needs config.toml, config.json or plugin.json; launchport plugin init NAME writes a whole plugin.',
    details: { name, path },
  });
}

function isDaemon(plugin: Plugin): LaunchportError {
  const types = plugin.config.servicesConfig?.services.map(({ type }) => type) ?? [];
  const what = types.length === 0 ? 'a daemon' : `a daemon (${types.join(', ')})`;
  return new LaunchportError('ERR_UNSUPPORTED', `plugin ${plugin.name} is ${what}, not a command`, {
    hint: `Load it with "launchport plugin load ${plugin.name}", then call it with "launchport plugin call ${plugin.name} ROUTE".`,
    details: { name: plugin.name, path: plugin.bundlePath, types },
  });
}
