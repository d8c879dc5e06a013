/** The command table: every command's name, arguments, options and help. Bodies are loaded when they run. */
import { Command, Option } from 'commander';
import { SERVICE_TYPES } from '../plugin/index.js';
import { addJson, addTimeout, parseCount } from './command-options.js';
import type { CliContext } from './context.js';
import { addImageCommands } from './image-commands.js';
import { addEventsCommand, addJobCommands, addPlistCommands } from './job-commands.js';
import { addKitCommands } from './kit-commands.js';

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

function addPluginCommands(plugin: Command, context: CliContext): void {
  addSearch(addJson(plugin.command('list').alias('ls')))
    .description('plugins on disk, and what the API server has loaded')
    .addOption(typeOption('only those with a service of this type'))
    .option('-q, --quiet', 'names only')
    .action(async (options) => (await import('./commands/plugin-list.js')).pluginList(context, options));
  addSearch(addJson(plugin.command('inspect')))
    .description('everything known of plugins: bundle, configuration, label, Mach services, state')
    .argument('<names...>')
    .action(async (names: string[], options) =>
      (await import('./commands/plugin-inspect.js')).pluginInspect(context, names, options),
    );
  for (const [verb, description] of [
    ['load', 'register a plugin with launchd; it starts at its first message'],
    ['unload', 'stop a plugin and remove it from launchd'],
    ['restart', 'stop a running plugin and start it again'],
  ] as const) {
    addTimeout(addJson(plugin.command(verb)))
      .description(description)
      .argument('<names...>')
      .action(async (names: string[], options) =>
        (await import('./commands/plugin-change.js')).pluginChange(context, verb, names, options),
      );
  }
  addTimeout(addSearch(addJson(plugin.command('call'))))
    .description('send a request to a plugin and print its reply; starts the plugin if it is idle')
    .argument('<name>')
    .argument('<route>')
    .argument(
      '[fields...]',
      'KEY=TEXT, or KEY:TYPE=TEXT with TYPE int64, uint64, double, bool, date, uuid, data (hex), json',
    )
    .addOption(typeOption('which of its services; its first unless given'))
    .option('--instance <id>', 'which instance')
    .action(async (name: string, route: string, fields: string[], options) =>
      (await import('./commands/plugin-call.js')).pluginCall(context, { name, route, fields }, options),
    );
  addKitCommands(plugin, context);
}

function addSystemCommands(system: Command, context: CliContext): void {
  addLog(addSearch(addPrefix(addJson(system.command('run')))))
    .description(
      'run the API server in the foreground, with the embedded launchd on Linux; ends on SIGINT or SIGTERM',
    )
    .option('--debug', 'log more, and start plugins with --debug')
    .addOption(new Option('--log-file <file>', 'as the daemon: log there').hideHelp())
    .action(async (options) => (await import('./commands/system-run.js')).systemRun(context, options));
  for (const [verb, description] of [
    ['start', 'run it in the background: as a daemon on Linux, as a job of launchd on macOS'],
    ['restart', 'stop the daemon and start it again'],
  ] as const) {
    addLog(addTimeout(addSearch(addPrefix(addJson(system.command(verb))))))
      .description(description)
      .option('--debug', 'log more, and start plugins with --debug')
      .action(async (options) => {
        const { systemRestart, systemStart } = await import('./commands/system-start.js');
        await (verb === 'start' ? systemStart : systemRestart)(context, options);
      });
  }
  addTimeout(addPrefix(addJson(system.command('stop'))))
    .description('end all jobs in order, then the daemon; jobs that take longer than --timeout are killed')
    .action(async (options) => (await import('./commands/system-stop.js')).systemStop(context, options));
  addTimeout(addPrefix(addJson(system.command('status'))))
    .description(
      'whether an API server and a daemon answer, and their jobs; exit code 3 without an API server',
    )
    .action(async (options) => (await import('./commands/system-status.js')).systemStatus(context, options));
  addJson(system.command('logs'))
    .description('the log of the daemon; with --json one value a line')
    .option('-f, --follow', 'go on with what is added, until SIGINT or SIGTERM')
    .option('-n, --lines <count>', 'how many of the last lines', parseCount, 100)
    .action(async (options) => (await import('./commands/system-logs.js')).systemLogs(context, options));
}

function addSearch(command: Command): Command {
  return command.option(
    '--plugin-dir <directory>',
    'look here for plugins first; may be given several times',
    (directory: string, before: readonly string[]) => [...before, directory],
    [] as readonly string[],
  );
}

function addPrefix(command: Command): Command {
  return command.option('--prefix <prefix>', 'of labels and services, instead of com.apple.container.');
}

function addLog(command: Command): Command {
  return command
    .option(
      '--log-size <bytes>',
      'of the daemon: where its log begins a new file; 5 MiB unless given',
      parseCount,
    )
    .option(
      '--log-files <count>',
      'of the daemon: how many old log files to keep; 4 unless given',
      parseCount,
    );
}

function typeOption(description: string): Option {
  return new Option('--type <type>', description).choices(SERVICE_TYPES);
}
