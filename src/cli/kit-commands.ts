/** The part of the command table for authors of plugins. */
import { type Command, Option } from 'commander';
import { SERVICE_TYPES } from '../plugin/index.js';
import { addJson, parseSeconds } from './command-options.js';
import type { CliContext } from './context.js';

/** `launchport plugin init` and `launchport plugin verify`. */
export function addKitCommands(plugin: Command, context: CliContext): void {
  addJson(plugin.command('init'))
    .description('write a new plugin that works, with a test: a bundle NAME in the working directory')
    .argument('<name>')
    .addOption(
      new Option('--type <type>', 'a service type, or cli for a command')
        .choices([...SERVICE_TYPES, 'cli'])
        .default('core'),
    )
    .addOption(
      new Option('--language <language>', 'ts is TypeScript, js is JavaScript')
        .choices(['ts', 'js'])
        .default('js'),
    )
    .option('--directory <directory>', 'where the bundle is made')
    .option('--force', 'write into a directory that is not empty, over files of the same names')
    .action(async (name: string, options) =>
      (await import('./commands/plugin-init.js')).pluginInit(context, name, options),
    );
  addJson(plugin.command('verify'))
    .description(
      'check a bundle: its files, and how it behaves as a real job of a launchd of its own; exit code 1 when a required check fails',
    )
    .argument('<bundle>', 'path of the bundle')
    .addOption(new Option('--type <type>', 'only its service of this type').choices(SERVICE_TYPES))
    .option('--timeout <seconds>', 'for a start, and for an answer that must come', parseSeconds, 10)
    .option('--only <checks>', 'ids of the checks to make, with commas between', (text: string) =>
      text.split(',').map((id) => id.trim()),
    )
    .action(async (bundle: string, options) =>
      (await import('./commands/plugin-verify.js')).pluginVerify(context, bundle, options),
    );
}
