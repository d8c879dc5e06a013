/** The commands about the API server and its daemon: names, options and help. Bodies are loaded when they run. */
import { type Command, Option } from 'commander';
import { addJson, addSearch, addTimeout, parseCount } from './command-options.js';
import type { CliContext } from './context.js';

/** Adds them to `system`. */
export function addSystemCommands(system: Command, context: CliContext): void {
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
