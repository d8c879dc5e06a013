/** `launchport image list`. */
import { printable } from '../../base/index.js';
import { formatPlatform } from '../../oci/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { dateText, nameParts, openImages, sizeText } from '../images.js';
import { writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';

/** Digits of a digest that tell images apart. */
const SHORT = 'sha256:'.length + 12;

/** Options of `image list`. */
export interface ImageListOptions extends GlobalOptions {
  readonly quiet?: boolean;
  readonly digests?: boolean;
}

/** Lists images by name. */
export async function imageList(context: CliContext, options: ImageListOptions): Promise<void> {
  const images = await openImages(context).list({ signal: context.signal });
  if (options.json) return writeJson(context, images);
  if (options.quiet) {
    for (const { reference } of images) context.stdout.write(`${printable(reference)}\n`);
    return;
  }
  writeTable(
    context,
    [
      { heading: 'NAME', cell: (image) => nameParts(image).name },
      { heading: 'TAG', cell: (image) => nameParts(image).tag },
      { heading: 'DIGEST', cell: ({ digest }) => (options.digests ? digest : digest.slice(0, SHORT)) },
      { heading: 'PLATFORM', cell: ({ platform }) => formatPlatform(platform) },
      { heading: 'CREATED', cell: ({ createdAt }) => dateText(createdAt) },
      { heading: 'SIZE', cell: ({ totalSize }) => sizeText(totalSize) },
    ],
    images,
  );
}
