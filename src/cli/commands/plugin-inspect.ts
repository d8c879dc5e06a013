/** `launchport plugin inspect NAME…`: everything known of plugins, as a JSON array or as indented text. */
import { isLaunchportError, type LaunchportError, printable } from '../../base/index.js';
import type { RemotePlugin } from '../../harness/index.js';
import {
  isCliPlugin,
  launchdLabel,
  machServices,
  type Plugin,
  readPluginSettings,
  resolveRoots,
} from '../../plugin/index.js';
import { openCatalog, type SearchOptions } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';
import { loadedPlugins } from '../server.js';

/** Writes what is known of each plugin. All missing names are reported, and then the command fails with the first. */
export async function pluginInspect(
  context: CliContext,
  names: readonly string[],
  options: GlobalOptions & SearchOptions,
): Promise<void> {
  const catalog = openCatalog(context, options);
  const loaded = await loadedPlugins(context);
  const facts: Record<string, unknown>[] = [];
  const missing: LaunchportError[] = [];
  for (const name of names) {
    try {
      const plugin = await catalog.find(name);
      facts.push({ ...describe(plugin, loaded), ...(await settingsOf(context, plugin)) });
    } catch (error) {
      if (!isLaunchportError(error)) throw error;
      missing.push(error);
    }
  }
  if (options.json) writeJson(context, facts);
  else for (const fact of facts) writeFacts(context, fact);
  for (const error of missing.slice(1)) context.stderr.write(`launchport: ${printable(error.message)}\n`);
  if (missing[0] !== undefined) throw missing[0];
}

function describe(plugin: Plugin, loaded: readonly RemotePlugin[] | undefined): Record<string, unknown> {
  return {
    name: plugin.name,
    bundle: plugin.bundlePath,
    layout: plugin.layout,
    configuration: plugin.configPath,
    binary: plugin.binaryPath,
    ...(plugin.resourcesPath === undefined ? {} : { resources: plugin.resourcesPath }),
    ...(isCliPlugin(plugin) ? {} : { label: launchdLabel(plugin.name) }),
    machServices: machServices(plugin),
    isLoaded: loaded?.some(({ binaryPath }) => binaryPath === plugin.binaryPath),
    config: plugin.config,
  };
}

/** Which keys the user has set, and where. Never the values: they may be secret. */
async function settingsOf(context: CliContext, { name }: Plugin): Promise<{ readonly settings?: unknown }> {
  try {
    const settings = await readPluginSettings(name, resolveRoots({ cwd: context.cwd }, context.environment));
    return settings === undefined ? {} : { settings: Object.fromEntries(settings.origins) };
  } catch (error) {
    if (!isLaunchportError(error)) throw error;
    context.stderr.write(`warning: ${printable(error.message)}\n`);
    return {};
  }
}

function writeFacts(context: CliContext, facts: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(facts)) {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'unknown: no API server');
    context.stdout.write(`${key.padEnd(14)} ${printable(text)}\n`);
  }
  context.stdout.write('\n');
}
