/** `launchport plugin list`: what is on disk, and which of it the API server has loaded. */
import { isLaunchportError } from '../../base/index.js';
import { isCliPlugin, type Plugin, type PluginDiagnostic } from '../../plugin/index.js';
import { openCatalog, type SearchOptions, withServer } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';
import { printable, writeTable } from '../output/table.js';

/** Options of `plugin list`. */
export interface PluginListOptions extends GlobalOptions, SearchOptions {
  readonly type?: string;
  readonly quiet?: boolean;
}

/** One row of the list. */
export interface PluginRow {
  readonly name: string;
  /** Declared service types; empty for a plugin of the command line. */
  readonly types: readonly string[];
  /** Whether the API server has it loaded; undefined when no server answers. */
  readonly isLoaded: boolean | undefined;
  readonly format: string;
  readonly path: string;
}

/** Lists plugins; problems met on the way go to stderr and do not hide the rest. */
export async function pluginList(context: CliContext, options: PluginListOptions): Promise<void> {
  const [{ plugins, diagnostics }, loaded] = await Promise.all([
    openCatalog(context, options).scan({ signal: context.signal }),
    loadedNames(),
  ]);
  const rows = plugins
    .map((plugin) => toRow(plugin, loaded))
    .filter((row) => options.type === undefined || row.types.includes(options.type));
  if (options.json) writeJson(context, { plugins: rows, diagnostics });
  else if (options.quiet) for (const row of rows) context.stdout.write(`${printable(row.name)}\n`);
  else writeRows(context, rows);
  if (!options.json) writeDiagnostics(context, diagnostics);
}

/** One line of stderr for each problem. */
export function writeDiagnostics(context: CliContext, diagnostics: readonly PluginDiagnostic[]): void {
  for (const { severity, message } of diagnostics) {
    if (severity !== 'debug') context.stderr.write(`${severity}: ${printable(message)}\n`);
  }
}

function writeRows(context: CliContext, rows: readonly PluginRow[]): void {
  writeTable(
    context,
    [
      { heading: 'NAME', cell: (row) => row.name },
      { heading: 'SERVICES', cell: (row) => row.types.join(',') || '(command line)' },
      { heading: 'LOADED', cell: (row) => (row.isLoaded === undefined ? '-' : row.isLoaded ? 'yes' : 'no') },
      { heading: 'CONFIG', cell: (row) => row.format },
      { heading: 'BUNDLE', cell: (row) => row.path },
    ],
    rows,
  );
}

function toRow(plugin: Plugin, loaded: ReadonlySet<string> | undefined): PluginRow {
  return {
    name: plugin.name,
    types: isCliPlugin(plugin)
      ? []
      : (plugin.config.servicesConfig?.services.map((service) => service.type) ?? []),
    isLoaded: loaded?.has(plugin.name),
    format: plugin.format,
    path: plugin.bundlePath,
  };
}

/** The names the API server has loaded; undefined when there is no server, or no addon to reach one with. */
export async function loadedNames(): Promise<ReadonlySet<string> | undefined> {
  try {
    return await withServer(
      async (client) => new Set((await client.pluginList()).map((plugin) => plugin.name)),
    );
  } catch (error) {
    if (isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING', 'ERR_ADDON_NOT_FOUND', 'ERR_UNSUPPORTED'))
      return undefined;
    throw error;
  }
}
