/** The part of the command table that is about launchd: jobs, their events and their plists. */
import { type Command, Option } from 'commander';
import { addJson, addTimeout, parseCount } from './command-options.js';
import type { CliContext } from './context.js';
import { signalNames } from './signals.js';

const TARGET_HELP = 'LABEL in the default domain, or system/LABEL, user/UID/LABEL, gui/UID/LABEL';

/** `launchport job …`. */
export function addJobCommands(job: Command, surroundings: CliContext): void {
  job.option('--systemd', "systemd's user units instead of launchd (Linux)");
  const context = { ...surroundings, usesSystemd: () => job.opts().systemd === true };
  job.addHelpText(
    'after',
    `
Examples:
  launchport job bootstrap ~/Library/LaunchAgents/com.example.echo.plist
  launchport job print com.example.echo
  launchport job kickstart -k com.example.echo
  launchport job kill USR1 com.example.echo
  launchport job logs -f com.example.echo
  launchport job --systemd bootstrap com.example.echo.plist`,
  );
  addTimeout(addJson(job.command('list').alias('ls')))
    .description('jobs that are loaded: process, last exit status, label')
    .option('--disabled', 'instead, what enable and disable left in the domain')
    .addOption(domainOption('with --disabled: which domain'))
    .action(async (options) => (await import('./commands/job-show.js')).jobList(context, options));
  addTimeout(addJson(job.command('print')))
    .description('everything known of a job, in the layout of launchctl print')
    .argument('<target>', TARGET_HELP)
    .action(async (target: string, options) =>
      (await import('./commands/job-show.js')).jobPrint(context, target, options),
    );
  addTimeout(addJson(job.command('bootstrap')))
    .description('load jobs; each starts when its plist says so')
    .argument('<plists...>')
    .addOption(domainOption('where to load them'))
    .action(async (plists: string[], options) =>
      (await import('./commands/job-change.js')).jobBootstrap(context, plists, options),
    );
  for (const [verb, description] of [
    ['bootout', 'unload jobs, and wait until their processes are gone'],
    ['enable', 'lift disable; loads and starts nothing'],
    ['disable', 'refuse to load jobs from now on; what is loaded stays'],
  ] as const) {
    addTimeout(addJson(job.command(verb)))
      .description(description)
      .argument('<targets...>', TARGET_HELP)
      .action(async (targets: string[], options) =>
        (await import('./commands/job-change.js')).jobChange(context, verb, targets, options),
      );
  }
  addTimeout(addJson(job.command('kickstart')))
    .description('start jobs now')
    .argument('<targets...>', TARGET_HELP)
    .option('-k, --kill', 'end a running process first')
    .action(async (targets: string[], options) =>
      (await import('./commands/job-change.js')).jobKickstart(context, targets, options),
    );
  addTimeout(addJson(job.command('kill')))
    .description('send a signal to the processes of jobs')
    .argument(
      '<signal>',
      `a name, with or without SIG, or a number: ${signalNames().slice(0, 3).join(', ')}, …`,
    )
    .argument('<targets...>', TARGET_HELP)
    .action(async (signal: string, targets: string[], options) =>
      (await import('./commands/job-change.js')).jobKill(context, signal, targets, options),
    );
  addTimeout(addJson(job.command('logs')))
    .description(
      'what a job writes to its StandardOutPath and StandardErrorPath; with --json one value a line',
    )
    .argument('<target>', `${TARGET_HELP}; or the plist of a job that is not loaded`)
    .option('-f, --follow', 'go on with what is added, until SIGINT or SIGTERM')
    .option('-n, --lines <count>', 'how many of the last lines of each file', parseCount, 100)
    .action(async (target: string, options) =>
      (await import('./commands/job-logs.js')).jobLogs(context, target, options),
    );
}

/** `launchport plist …`. */
export function addPlistCommands(plist: Command, context: CliContext): void {
  addJson(plist.command('lint'))
    .description('what would keep jobs from working, without loading anything; exit code 6 for an error')
    .argument('<files...>', 'XML or binary; - for stdin')
    .addOption(
      new Option('--system <system>', 'the launchd they are meant for; default: of this machine').choices([
        'darwin',
        'linux',
      ]),
    )
    .addOption(domainOption('where they are to be loaded; default: not looked at'))
    .addHelpText(
      'after',
      `
Examples:
  launchport plist lint --system darwin com.example.echo.plist
  generate-plist | launchport plist lint -`,
    )
    .action(async (files: string[], options) =>
      (await import('./commands/plist-lint.js')).plistLint(context, files, options),
    );
}

/** `launchport events`. */
export function addEventsCommand(events: Command, context: CliContext): void {
  addJson(events)
    .description('what happens to jobs, as it happens, until SIGINT or SIGTERM; with --json one value a line')
    .option('--containers', 'what happens to containers and networks instead')
    .option(
      '--prefix <prefix>',
      'of the API server that tells of containers, instead of com.apple.container.',
    )
    .addHelpText(
      'after',
      `
Examples:
  launchport events
  launchport events --containers
  launchport events --json | jq 'select(.kind == "exited")'`,
    )
    .action(async (options) => (await import('./commands/events.js')).events(context, options));
}

function domainOption(description: string): Option {
  return new Option('--domain <domain>', `${description}: system, user/UID or gui/UID`);
}
