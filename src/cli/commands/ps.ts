/** `launchport ps`: containers, by name. */
import { printable } from '../../base/index.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { sizeText } from '../containers/sizes.js';
import { addressText, commandText, containerJson, isRunning, portText } from '../containers/snapshot.js';
import type { CliContext } from '../context.js';
import { type FormatOptions, wantsJson, writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';

/** Options of `ps`. */
export interface ListContainersOptions extends FormatOptions, ServerOptions {
  readonly all?: boolean;
  readonly quiet?: boolean;
}

/** Writes the containers that run, with `all` every one. */
export async function listContainers(context: CliContext, options: ListContainersOptions): Promise<void> {
  const all = await withServices(context, options, ({ containers, wait }) => containers.list({}, wait));
  const shown = all
    .filter((snapshot) => options.all || isRunning(snapshot))
    .sort((a, b) => (a.configuration.id < b.configuration.id ? -1 : 1));
  if (wantsJson(options)) return writeJson(context, shown.map(containerJson));
  if (options.quiet) {
    for (const { configuration } of shown) context.stdout.write(`${printable(configuration.id)}\n`);
    return;
  }
  writeTable(
    context,
    [
      { heading: 'ID', cell: ({ configuration }) => configuration.id },
      { heading: 'IMAGE', cell: ({ configuration }) => configuration.image.reference },
      { heading: 'OS', cell: ({ configuration }) => configuration.platform.os },
      { heading: 'ARCH', cell: ({ configuration }) => configuration.platform.architecture },
      { heading: 'STATE', cell: ({ status }) => status },
      { heading: 'ADDR', cell: addressText },
      { heading: 'PORTS', cell: portText },
      { heading: 'CPUS', cell: ({ configuration }) => String(configuration.resources.cpus) },
      { heading: 'MEMORY', cell: ({ configuration }) => sizeText(configuration.resources.memoryInBytes) },
      { heading: 'STARTED', cell: ({ startedDate }) => startedDate?.toISOString() ?? '-' },
      { heading: 'COMMAND', cell: commandText },
    ],
    shown,
  );
}
