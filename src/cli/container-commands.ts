/** The commands about containers: names, arguments, options and help. Bodies are loaded when they run. */
import type { Command } from 'commander';
import { addJson, addTimeout, parseCount } from './command-options.js';
import {
  addContainerOptions,
  addFormat,
  addNames,
  addProcessOptions,
  addServer,
  parseInterval,
} from './container-options.js';
import type { CliContext } from './context.js';

/** Adds them to the program itself, where users of containers look for them. */
export function addContainerCommands(program: Command, context: CliContext): void {
  addStarting(program, context);
  addChanging(program, context);
  addShowing(program, context);
}

/** Commands that take a command line of their own: nothing behind the image or the container is an option here. */
function addStarting(program: Command, context: CliContext): void {
  for (const verb of ['run', 'create'] as const) {
    const command = addServer(addJson(program.command(verb)))
      .argument('<image>')
      .argument('[command...]', 'and its arguments, as they are; what the image says unless given')
      .passThroughOptions();
    addContainerOptions(addProcessOptions(command));
    if (verb === 'run') {
      command
        .description(
          'make a container of an image and run a command in it; the exit code is that of the command',
        )
        .option('-d, --detach', 'print the name of the container and let it run')
        .action(async (image: string, words: string[], options) =>
          (await import('./commands/run.js')).runContainer(context, image, words, options),
        );
    } else {
      command
        .description('make a container of an image, to be started later, and print its name')
        .action(async (image: string, words: string[], options) =>
          (await import('./commands/create.js')).createContainer(context, image, words, options),
        );
    }
  }
  addServer(addJson(program.command('start')))
    .description('start containers that were made or have stopped')
    .argument('<containers...>')
    .option('-a, --attach', 'connect its stdout and stderr, and end with its exit code; for one container')
    .option('-i, --interactive', 'connect stdin too')
    .action(async (names: string[], options) =>
      (await import('./commands/start.js')).startContainers(context, names, options),
    );
  addProcessOptions(addServer(addJson(program.command('exec'))))
    .description('run a further command in a running container; the exit code is that of the command')
    .argument('<container>')
    .argument('<command...>', 'and its arguments, as they are')
    .option('-d, --detach', 'let it run and go on')
    .passThroughOptions()
    .action(async (name: string, words: string[], options) =>
      (await import('./commands/exec.js')).execInContainer(context, name, words, options),
    );
}

function addChanging(program: Command, context: CliContext): void {
  addNames(addServer(addJson(program.command('stop'))), 'container', 'stop')
    .description('ask containers to end, and kill those that do not in time')
    .option('-s, --signal <signal>', "ask with this signal; the container's stop signal unless given")
    .option('-t, --time <seconds>', 'how long they have', parseCount, 5)
    .action(async (names: string[], options) =>
      (await import('./commands/stop.js')).stopContainers(context, names, options),
    );
  addNames(addTimeout(addServer(addJson(program.command('kill')))), 'container', 'signal')
    .description('send a signal to the first process of containers')
    .option('-s, --signal <signal>', 'which signal', 'KILL')
    .action(async (names: string[], options) =>
      (await import('./commands/kill.js')).killContainers(context, names, options),
    );
  addNames(addTimeout(addServer(addJson(program.command('rm').alias('delete')))), 'container', 'remove')
    .description('remove containers that have stopped')
    .option('-f, --force', 'remove running ones too; with --all they are left alone otherwise')
    .action(async (names: string[], options) =>
      (await import('./commands/rm.js')).removeContainers(context, names, options),
    );
}

function addShowing(program: Command, context: CliContext): void {
  addTimeout(addServer(addFormat(program.command('ps').alias('list').alias('ls'))))
    .description('running containers, or all of them')
    .option('-a, --all', 'those that do not run too')
    .option('-q, --quiet', 'names only')
    .action(async (options) => (await import('./commands/ps.js')).listContainers(context, options));
  addTimeout(addServer(addJson(program.command('inspect'))))
    .description('everything known of containers, as a JSON array')
    .argument('<containers...>')
    .action(async (names: string[], options) =>
      (await import('./commands/inspect.js')).inspectContainers(context, names, options),
    );
  addServer(addJson(program.command('logs')))
    .description('what a container wrote to stdout and stderr; with --json one value a line')
    .argument('<container>')
    .option('-f, --follow', 'go on with what it writes until it stops')
    .option('-n, --tail <count>', 'how many of the last lines; all unless given', parseCount)
    .option('--boot', "the runtime's own log of the start instead")
    .action(async (name: string, options) =>
      (await import('./commands/logs.js')).containerLogs(context, name, options),
    );
  addServer(addFormat(program.command('stats')))
    .description('what running containers use, again and again until interrupted')
    .argument('[containers...]')
    .option('--no-stream', 'once')
    .option('--interval <seconds>', 'how long is measured', parseInterval, 2)
    .action(async (names: string[], options) =>
      (await import('./commands/stats.js')).containerStats(context, names, options),
    );
  addTimeout(addServer(addFormat(program.command('top'))))
    .description('the processes of a container')
    .argument('<container>')
    .action(async (name: string, options) =>
      (await import('./commands/top.js')).containerProcesses(context, name, options),
    );
}
