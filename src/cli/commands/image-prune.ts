/** `launchport image prune`. */
import type { CliContext, GlobalOptions } from '../context.js';
import { digestsInUse, openImages, sizeText } from '../images.js';
import { writeJson } from '../output/json.js';

/** Options of `image prune`. */
export interface ImagePruneOptions extends GlobalOptions {
  readonly all?: boolean;
}

/** Removes what is not needed, and tells what. */
export async function imagePrune(context: CliContext, options: ImagePruneOptions): Promise<void> {
  const result = await openImages(context).prune({
    keep: await digestsInUse(context),
    all: options.all ?? false,
    signal: context.signal,
  });
  if (options.json) return writeJson(context, result);
  for (const digest of result.removed) context.stdout.write(`${digest}\n`);
  context.stdout.write(`${sizeText(result.freedBytes)} freed\n`);
}
