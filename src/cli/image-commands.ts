/** The part of the command table that is about images. */
import type { Command } from 'commander';
import { addJson } from './command-options.js';
import type { CliContext } from './context.js';

const IMAGE_HELP = 'NAME, NAME:TAG, REGISTRY/NAME:TAG, a digest, or a path that begins with / or ./';

/** `launchport image …`. */
export function addImageCommands(image: Command, context: CliContext): void {
  image.addHelpText(
    'after',
    `
Images are not fetched from registries. Examples:
  docker save alpine -o alpine.tar && launchport image import alpine.tar
  skopeo copy docker://alpine oci:alpine:latest && launchport image import ./alpine
  launchport image import --name debian:12 /srv/debian-root
  launchport image list`,
  );
  addJson(image.command('import'))
    .description('take an image into the store, checked by digest')
    .argument(
      '<source>',
      'an OCI image layout, an OCI or docker-save archive (.tar, .tar.gz), or a root directory',
    )
    .option(
      '-n, --name <name>',
      'keep it under this name; default: what it says itself, or the name of the file',
    )
    .option('--platform <platform>', 'of an image for several; default: Linux on this processor')
    .option('--select <name>', 'which image, where the source holds several')
    .action(async (source: string, options) =>
      (await import('./commands/image-import.js')).imageImport(context, source, options),
    );
  addJson(image.command('list').alias('ls'))
    .description('images in the store')
    .option('-q, --quiet', 'names only')
    .option('--digests', 'whole digests')
    .action(async (options) => (await import('./commands/image-list.js')).imageList(context, options));
  addJson(image.command('inspect'))
    .description('everything known of images: digests, platform, what they run, what unpacking left out')
    .argument('<images...>', IMAGE_HELP)
    .action(async (names: string[], options) =>
      (await import('./commands/image-inspect.js')).imageInspect(context, names, options),
    );
  addJson(image.command('rm').alias('delete'))
    .description('take names away; prune then removes what nothing leads to')
    .argument('<names...>')
    .action(async (names: string[], options) =>
      (await import('./commands/image-remove.js')).imageRemove(context, names, options),
    );
  addJson(image.command('prune'))
    .description('remove what no name leads to and no container uses')
    .option('-a, --all', 'also what was given by path within the last hour')
    .action(async (options) => (await import('./commands/image-prune.js')).imagePrune(context, options));
}
