/** `launchport create`: makes a container that is started later. */
import { printable } from '../../base/index.js';
import { type CreationOptions, createFrom } from '../containers/creation.js';
import { withServices } from '../containers/server.js';
import type { CliContext } from '../context.js';
import { writeJson } from '../output/json.js';

/** Writes the name of the new container. */
export async function createContainer(
  context: CliContext,
  image: string,
  command: readonly string[],
  options: CreationOptions,
): Promise<void> {
  const { id } = await withServices(context, options, (services) =>
    createFrom(context, services, image, command, options),
  );
  if (options.json) writeJson(context, { id });
  else context.stdout.write(`${printable(id)}\n`);
}
