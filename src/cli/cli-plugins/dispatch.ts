/** Decides what a command line is: a command of launchport, or the name of a plugin that is run instead. */
import type { EventEmitter } from 'node:events';
import type { Command } from 'commander';
import { printable } from '../../base/index.js';
import type { CliContext } from '../context.js';
import { builtInLine, splitCommandLine } from './command-line.js';
import { execute } from './execute.js';
import { findCommand, shadowedBy } from './find.js';
import { cliPlugins, helpForPlugin, helpSection, isBuiltIn } from './help.js';
import { suggest } from './suggest.js';

/**
 * Runs the plugin that the command line names, and ends with it. Otherwise gives the command line for the program, whose
 * help has a section of plugins by then; a plugin that a command of the program hides is named on stderr.
 * @throws ExitStatus of the plugin, or as {@link findCommand}
 */
export async function dispatch(
  context: CliContext,
  program: Command,
  args: readonly string[],
): Promise<readonly string[]> {
  const line = splitCommandLine(args);
  const { pluginDir, rest } = line;
  const [word] = rest;
  if (isTopLevelHelp(rest)) {
    const section = helpSection(program, await cliPlugins(context, pluginDir));
    // Before the exit codes; a Command is an emitter, though its types say only `on`.
    const emitter = program as unknown as EventEmitter;
    emitter.prependListener('afterHelp', ({ write }: { write(text: string): void }) => write(section));
  } else if (word !== undefined && !word.startsWith('-')) {
    if (!isBuiltIn(program, word)) return runNamed(context, program, word, line);
    if (word !== 'complete') await warnOfShadowed(context, word, pluginDir);
  }
  return builtInLine(line);
}

/** `launchport help [COMMAND…]`: of the program, of a command, or of a plugin. */
export async function help(
  context: CliContext,
  program: Command,
  path: readonly string[],
  pluginDir: readonly string[],
): Promise<void> {
  const [word] = path;
  if (word === undefined || isBuiltIn(program, word)) return commandAt(program, path).help();
  await helpForPlugin(context, word, pluginDir, () => suggestion(context, program, word, pluginDir));
}

async function runNamed(
  context: CliContext,
  program: Command,
  word: string,
  { pluginDir, rest }: { readonly pluginDir: readonly string[]; readonly rest: readonly string[] },
): Promise<never> {
  const plugin = await findCommand(context, word, pluginDir, () =>
    suggestion(context, program, word, pluginDir),
  );
  return execute(context, plugin, rest.slice(1));
}

async function suggestion(
  context: CliContext,
  program: Command,
  word: string,
  pluginDir: readonly string[],
): Promise<string | undefined> {
  const names = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
  return suggest(word, [...names, ...(await cliPlugins(context, pluginDir)).map(({ name }) => name)]);
}

async function warnOfShadowed(
  context: CliContext,
  word: string,
  pluginDir: readonly string[],
): Promise<void> {
  const hidden = await shadowedBy(context, word, pluginDir);
  if (hidden === undefined) return;
  context.stderr.write(
    `warning: ${word} is a command of launchport, which hides the plugin ${printable(hidden.name)}; ` +
      `run ${printable(hidden.binaryPath)} to have that\n`,
  );
}

function isTopLevelHelp(rest: readonly string[]): boolean {
  const [first, ...others] = rest;
  if (first === undefined) return true;
  if (others.length > 0) return first === 'help' && splitCommandLine(others).rest.length === 0;
  return first === 'help' || first === '--help' || first === '-h';
}

/** The command that `path` leads to. Ends with wrong usage for what is no command. */
function commandAt(program: Command, path: readonly string[]): Command {
  let command = program;
  for (const word of path) {
    const next = command.commands.find((child) => child.name() === word || child.aliases().includes(word));
    if (next === undefined) return command.error(`error: ${command.name()} has no command '${word}'`);
    command = next;
  }
  return command;
}
