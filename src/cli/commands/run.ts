/** `launchport run`: makes a container and runs its command. */
import { printable } from '../../base/index.js';
import { assertTerminal } from '../containers/attached-run.js';
import { type CreationOptions, createFrom } from '../containers/creation.js';
import { runFirstProcess, startDetached } from '../containers/first-process.js';
import { withServices } from '../containers/server.js';
import type { CliContext } from '../context.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';

/** Options of `run`. */
export interface RunOptions extends CreationOptions {
  readonly detach?: boolean;
}

/**
 * Ends with the exit code of the command, or with 127 when it could not be started: then nothing is left of the
 * container. With `detach` writes its name and lets it run.
 */
export async function runContainer(
  context: CliContext,
  image: string,
  command: readonly string[],
  options: RunOptions,
): Promise<void> {
  const attachment = { isInteractive: options.interactive ?? false, isTerminal: options.tty ?? false };
  if (!options.detach) assertTerminal(context, attachment);
  const code = await withServices(context, options, async (services) => {
    const { id, discard } = await createFrom(context, services, image, command, options);
    if (!options.detach) {
      const isJson = options.json ?? false;
      return runFirstProcess(context, services, id, { attachment, isJson, onFailure: discard });
    }
    try {
      await startDetached(services, id);
    } catch (error) {
      await discard();
      throw error;
    }
    if (options.json) writeJson(context, { id });
    else context.stdout.write(`${printable(id)}\n`);
    return 0;
  });
  if (code !== 0) throw new ExitStatus(code);
}
