/** CLI plugins in the help: a section of their own, sorted and whole, and help for one of them. */
import type { Command } from 'commander';
import { printable } from '../../base/index.js';
import { isCliPlugin, type Plugin } from '../../plugin/index.js';
import { openCatalog } from '../catalog.js';
import type { CliContext } from '../context.js';
import { execute } from './execute.js';
import { lookUp, type Suggestion } from './find.js';

/** Milliseconds that a listing in the help may take; a slow disk must not make help wait. */
const PATIENCE_MS = 5_000;

/** The CLI plugins by name; none when the directories cannot be read in time. */
export async function cliPlugins(
  context: CliContext,
  pluginDir: readonly string[],
): Promise<readonly Plugin[]> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const { plugins } = await openCatalog(context, { pluginDir }).scan({ signal });
    return plugins.filter(isCliPlugin);
  } catch {
    return [];
  }
}

/** One line of the section: two spaces, the name padded to `padding`, the abstract. */
export function helpLine(plugin: Pick<Plugin, 'name' | 'config'>, padding: number): string {
  return `  ${printable(plugin.name).padEnd(padding)}${printable(plugin.config.abstract)}`.trimEnd();
}

/** The section for the help of `program`; empty without plugins. Nothing in it is cut. */
export function helpSection(program: Command, plugins: readonly Plugin[]): string {
  if (plugins.length === 0) return '';
  const gap = 2;
  const names = plugins.map(({ name }) => printable(name).length);
  const padding = Math.max(program.createHelp().padWidth(program, program.createHelp()), ...names) + gap;
  const lines = plugins.map((plugin) => {
    const line = helpLine(plugin, padding);
    return isBuiltIn(program, plugin.name) ? `${line} (hidden by the command of that name)` : line;
  });
  return `\nPlugins, as in launchport [--plugin-dir DIR] NAME…\n${lines.join('\n')}\n`;
}

/** Whether the program has a command of this name or alias. */
export function isBuiltIn(program: Command, word: string): boolean {
  return program.commands.some((command) => command.name() === word || command.aliases().includes(word));
}

/** `launchport help PLUGIN`: runs its `--help`, or says what it is when it is no command. */
export async function helpForPlugin(
  context: CliContext,
  name: string,
  pluginDir: readonly string[],
  suggestion?: Suggestion,
): Promise<void> {
  const plugin = await lookUp(context, name, pluginDir, suggestion);
  if (isCliPlugin(plugin)) return execute(context, plugin, ['--help']);
  const { abstract, servicesConfig } = plugin.config;
  const types = servicesConfig?.services.map(({ type }) => type).join(', ') || 'no services';
  context.stdout.write(
    `${printable(name)} is a daemon plugin (${types})${abstract === '' ? '' : `: ${printable(abstract)}`}
  ${printable(plugin.bundlePath)}

Load it:  launchport plugin load ${printable(name)}
Call it:  launchport plugin call ${printable(name)} ROUTE
See it:   launchport plugin inspect ${printable(name)}
`,
  );
}
