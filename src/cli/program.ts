/** The command table: every command's name, arguments, options and help. Bodies are loaded when they run. */
import { Command } from 'commander';
import { addBenchCommand } from './bench-commands.js';
import { addJson, addSearch } from './command-options.js';
import { addContainerCommands } from './container-commands.js';
import type { CliContext } from './context.js';
import { addImageCommands } from './image-commands.js';
import { addEventsCommand, addJobCommands, addPlistCommands } from './job-commands.js';
import { addNetworkCommands } from './network-commands.js';
import { addPluginCommands } from './plugin-commands.js';
import { addSystemCommands } from './system-commands.js';

const EXIT_CODE_HELP = `
Exit codes:
  0 done   1 failed   2 wrong usage   3 not running   4 not found   5 not permitted
  6 invalid configuration   7 timed out   8 not supported here   130 interrupted`;

/** Builds the whole program for one run in `context`. */
export function buildProgram(context: CliContext, version: string): Command {
  const program = new Command('launchport')
    .description('Registers plugins with launchd, starts them on demand and talks to them over XPC.')
    .version(version, '-V, --version')
    .helpCommand(false)
    .addHelpText('after', EXIT_CODE_HELP);
  // Set before the sub-commands are made, which inherit both.
  program.exitOverride().configureOutput({
    writeOut: (text) => context.stdout.write(text),
    writeErr: (text) => context.stderr.write(text),
  });
  program.showHelpAfterError('(launchport --help lists what there is)');
  // What stands behind an image or a container is for the command there.
  program.enablePositionalOptions();
  addContainerCommands(program, context);
  addNetworkCommands(
    program.command('network').description('networks that containers are attached to'),
    context,
  );
  addPluginCommands(program.command('plugin').description('find, load and call plugins'), context);
  addSystemCommands(program.command('system').description('the API server that hosts plugins'), context);
  addJobCommands(program.command('job').description('jobs of launchd, plugins or not'), context);
  addPlistCommands(program.command('plist').description('job plists, before they are loaded'), context);
  addEventsCommand(program.command('events'), context);
  addImageCommands(program.command('image').description('images that containers run'), context);
  addJson(program.command('doctor'))
    .description('whether this machine can run launchport, and what to do where it cannot; exit code 1 then')
    .action(async (options) => (await import('./commands/doctor.js')).doctor(context, options));
  addJson(program.command('demo'))
    .description('find, register, launch on demand, call and remove two real plugins, telling each step')
    .action(async (options) => (await import('./commands/demo.js')).demo(context, options));
  addBenchCommand(program.command('bench'), context);
  addSearch(program.command('help'))
    .description('help for a command or a plugin, such as: help plugin call')
    .argument('[command...]')
    .action(async (path: string[], { pluginDir }: { readonly pluginDir: readonly string[] }) =>
      (await import('./cli-plugins/dispatch.js')).help(context, program, path, pluginDir),
    );
  program
    .command('completion')
    .description('print a completion script: eval "$(launchport completion bash)"')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell: string) => (await import('./commands/completion.js')).completion(context, shell));
  program
    .command('complete', { hidden: true })
    .description('words that may come next; called by completion scripts')
    .argument('[words...]')
    .action(async (words: string[]) =>
      (await import('./commands/completion.js')).complete(context, program, words),
    );
  return program;
}
