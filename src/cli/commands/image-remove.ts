/** `launchport image rm NAME…`. */
import { isLaunchportError, type LaunchportError, printable } from '../../base/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { openImages } from '../images.js';
import { writeJson } from '../output/json.js';

/** Takes names away. Those that are not given are reported, and then the command fails with the first. */
export async function imageRemove(
  context: CliContext,
  names: readonly string[],
  options: GlobalOptions,
): Promise<void> {
  const store = openImages(context);
  const removed: string[] = [];
  const failed: LaunchportError[] = [];
  for (const name of names) {
    try {
      await store.remove(name);
      removed.push(name);
      if (!options.json) context.stdout.write(`${printable(name)}: removed\n`);
    } catch (error) {
      if (!isLaunchportError(error)) throw error;
      failed.push(error);
    }
  }
  if (options.json) writeJson(context, removed);
  for (const error of failed.slice(1)) context.stderr.write(`launchport: ${printable(error.message)}\n`);
  if (failed[0] !== undefined) throw failed[0];
}
