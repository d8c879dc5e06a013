/** The commands about networks: names, arguments, options and help. Bodies are loaded when they run. */
import type { Command } from 'commander';
import { addJson, addTimeout } from './command-options.js';
import { addFormat, addNames, addRepeated, addServer } from './container-options.js';
import type { CliContext } from './context.js';

/** Adds them to `network`. */
export function addNetworkCommands(network: Command, context: CliContext): void {
  addDefinition(addTimeout(addServer(addJson(network.command('create')))))
    .description('make a network, start its plugin, and print its name')
    .argument('<name>')
    .action(async (name: string, options) =>
      (await import('./commands/network-create.js')).networkCreate(context, name, options),
    );
  addTimeout(addServer(addFormat(network.command('list').alias('ls'))))
    .description('networks, and what they look like')
    .option('-q, --quiet', 'names only')
    .action(async (options) => (await import('./commands/network-list.js')).networkList(context, options));
  addTimeout(addServer(addJson(network.command('inspect'))))
    .description('everything known of networks, as a JSON array')
    .argument('<networks...>')
    .action(async (names: string[], options) =>
      (await import('./commands/network-inspect.js')).networkInspect(context, names, options),
    );
  addDefinition(addTimeout(addServer(addJson(network.command('connect')))))
    .description('make sure that a network is there, with its plugin running, and attach a container to it')
    .argument('<network>')
    .argument('[container]')
    .option('--mac <address>', 'of the container there')
    .option('--mtu <bytes>', 'of the container there')
    .action(async (name: string, container: string | undefined, options) =>
      (await import('./commands/network-connect.js')).networkConnect(context, name, container, options),
    );
  addTimeout(addServer(addJson(network.command('disconnect'))))
    .description('take a container off a network')
    .argument('<network>')
    .argument('<container>')
    .action(async (name: string, container: string, options) =>
      (await import('./commands/network-disconnect.js')).networkDisconnect(context, name, container, options),
    );
  addNames(addTimeout(addServer(addJson(network.command('delete').alias('rm')))), 'network', 'delete')
    .description('delete networks that no container uses')
    .action(async (names: string[], options) =>
      (await import('./commands/network-delete.js')).networkDelete(context, names, options),
    );
  addTimeout(addServer(addJson(network.command('prune'))))
    .description('delete all networks that no container uses')
    .action(async (options) => (await import('./commands/network-prune.js')).networkPrune(context, options));
}

/** What a network is made of. */
function addDefinition(command: Command): Command {
  command
    .option('--plugin <plugin>', 'which network plugin serves it; bridge unless given')
    .option('--internal', 'without a way out of this machine')
    .option('--subnet <CIDR>', 'its addresses, such as 10.1.2.0/24')
    .option('--subnet-v6 <CIDR>', 'its IPv6 addresses, such as fd00:1::/64');
  addRepeated(command, '--label <NAME=VALUE>', 'label it');
  return addRepeated(command, '--option <NAME=VALUE>', 'option for the plugin');
}
