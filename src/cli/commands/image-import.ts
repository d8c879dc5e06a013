/** `launchport image import SOURCE`. */
import { resolve } from 'node:path';
import { printable } from '../../base/index.js';
import { formatPlatform, parsePlatform } from '../../oci/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { openImages, progressLine, sizeText } from '../images.js';
import { writeJson } from '../output/json.js';

/** Options of `image import`. */
export interface ImageImportOptions extends GlobalOptions {
  readonly name?: string;
  readonly platform?: string;
  readonly select?: string;
}

/** Imports, and tells under which name. */
export async function imageImport(
  context: CliContext,
  source: string,
  { json, name, platform, select }: ImageImportOptions,
): Promise<void> {
  const progress = progressLine(context);
  const image = await openImages(context)
    .import(resolve(context.cwd, source), {
      ...(name === undefined ? {} : { name }),
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
      ...(select === undefined ? {} : { select }),
      signal: context.signal,
      onProgress: progress.onProgress,
    })
    .finally(progress.end);
  if (json) return writeJson(context, image);
  const facts = `${image.digest}, ${formatPlatform(image.platform)}, ${sizeText(image.totalSize)}`;
  context.stdout.write(`${printable(image.reference)}: imported ${printable(facts)}\n`);
}
