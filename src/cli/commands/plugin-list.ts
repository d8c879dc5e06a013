/** `launchport plugin list`: what is on disk, and which of it the API server has loaded. */
import { existsSync } from 'node:fs';
import { printable } from '../../base/index.js';
import type { JobStatus } from '../../launchd/index.js';
import type { Plugin, PluginDiagnostic } from '../../plugin/index.js';
import { absoluteDirectories, type DeclaredServices, openCatalog, type SearchOptions } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';
import { type LoadedPlugin, loadedPlugins } from '../server.js';

/** Options of `plugin list`. */
export interface PluginListOptions extends GlobalOptions, SearchOptions {
  readonly type?: string;
  readonly quiet?: boolean;
}

/** One row of the list. */
export interface PluginRow {
  readonly name: string;
  /** Declared service types; empty for a daemon without services, absent for a plugin of the command line. */
  readonly services?: readonly string[];
  /** Whether the API server has it loaded; absent when no server answers. */
  readonly isLoaded?: boolean;
  /** State of its job in launchd's words, and its process; absent when it is not loaded or has no job. */
  readonly state?: JobStatus['state'];
  readonly pid?: number;
  /** Absent for a plugin that only the server knows, from a directory that was not searched here. */
  readonly format?: string;
  readonly bundle?: string;
  readonly binary: string;
}

/** Lists plugins by name; problems met on the way go to stderr and do not hide the rest. */
export async function pluginList(context: CliContext, options: PluginListOptions): Promise<void> {
  const [{ plugins, diagnostics }, loaded] = await Promise.all([
    openCatalog(context, options).scan({ signal: context.signal }),
    loadedPlugins(context),
  ]);
  const rows = mergeRows(plugins, loaded).filter(
    (row) => options.type === undefined || row.services?.includes(options.type),
  );
  if (options.json) {
    writeJson(context, { plugins: rows, diagnostics });
    return;
  }
  if (options.quiet) for (const row of rows) context.stdout.write(`${printable(row.name)}\n`);
  else writeRows(context, rows);
  writeDiagnostics(context, diagnostics);
  for (const directory of absoluteDirectories(context, options)) {
    if (!existsSync(directory)) context.stderr.write(`warning: ${printable(directory)}: no such directory\n`);
  }
}

/** One line of stderr for each problem. */
function writeDiagnostics(context: CliContext, diagnostics: readonly PluginDiagnostic[]): void {
  for (const { severity, message } of diagnostics) {
    if (severity !== 'debug') context.stderr.write(`${severity}: ${printable(message)}\n`);
  }
}

function writeRows(context: CliContext, rows: readonly PluginRow[]): void {
  writeTable(
    context,
    [
      { heading: 'NAME', cell: (row) => row.name },
      {
        heading: 'SERVICES',
        cell: (row) => (row.services === undefined ? '(command)' : row.services.join(',') || '-'),
      },
      { heading: 'STATE', cell: stateText },
      { heading: 'PID', cell: (row) => row.pid?.toString() ?? '-' },
      { heading: 'CONFIG', cell: (row) => row.format ?? '-' },
      { heading: 'BUNDLE', cell: (row) => row.bundle ?? row.binary },
    ],
    rows,
  );
}

/** What a person wants to know: is it loaded, and if so, does it run. */
function stateText({ isLoaded, state }: PluginRow): string {
  if (isLoaded === undefined) return '-';
  return isLoaded ? (state ?? 'loaded') : 'not loaded';
}

/** What is on disk, and what only the server knows, by name. A loaded plugin is told by its executable. */
function mergeRows(plugins: readonly Plugin[], loaded: readonly LoadedPlugin[] | undefined): PluginRow[] {
  const byBinary = new Map(loaded?.map((plugin) => [plugin.binaryPath, plugin]));
  const onDisk = new Set(plugins.map((plugin) => plugin.binaryPath));
  const rows: PluginRow[] = plugins.map((plugin) => ({
    name: plugin.name,
    ...services(plugin.config),
    ...(loaded === undefined ? {} : { isLoaded: byBinary.has(plugin.binaryPath) }),
    ...jobFacts(byBinary.get(plugin.binaryPath)),
    format: plugin.format,
    bundle: plugin.bundlePath,
    binary: plugin.binaryPath,
  }));
  for (const plugin of loaded ?? []) {
    const { name, binaryPath: binary, config } = plugin;
    if (!onDisk.has(binary))
      rows.push({ name, ...services(config), isLoaded: true, ...jobFacts(plugin), binary });
  }
  return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function services({ servicesConfig }: DeclaredServices): Pick<PluginRow, 'services'> {
  return servicesConfig === undefined ? {} : { services: servicesConfig.services.map(({ type }) => type) };
}

function jobFacts(plugin: LoadedPlugin | undefined): Pick<PluginRow, 'state' | 'pid'> {
  const job = plugin?.job;
  if (job === undefined) return {};
  return { state: job.state, ...(job.pid === undefined ? {} : { pid: job.pid }) };
}
