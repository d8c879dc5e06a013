/** The commands about plugins: names, arguments, options and help. Bodies are loaded when they run. */
import { type Command, Option } from 'commander';
import { SERVICE_TYPES } from '../plugin/index.js';
import { addJson, addSearch, addTimeout } from './command-options.js';
import type { CliContext } from './context.js';
import { addKitCommands } from './kit-commands.js';

/** Adds them to `plugin`. */
export function addPluginCommands(plugin: Command, context: CliContext): void {
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

function typeOption(description: string): Option {
  return new Option('--type <type>', description).choices(SERVICE_TYPES);
}
