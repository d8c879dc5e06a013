/** Imports from an OCI image layout (OCI image-spec, image layout). */
import { invalidImage } from '../limits.js';
import { hostPlatform } from '../platform.js';
import { compressionOf, layoutSchema } from '../schema.js';
import type { ImportOptions } from '../types.js';
import { addFile, blobFile, type ImportContext, watched } from './add-file.js';
import { ImageChooser, parse, type ResolvedImage } from './choose.js';
import { type ImageSource, readJson } from './image-source.js';

/** Adds manifest, configuration and layers of the image that is meant. */
export async function importLayout(
  source: ImageSource,
  index: unknown,
  context: ImportContext,
  options: ImportOptions,
): Promise<ResolvedImage> {
  const { blobs, limits } = context;
  const layout = await readJson(source, 'oci-layout', limits);
  if (layout === undefined) throw invalidImage(`${source.name} has an index.json but no oci-layout`);
  parse(`oci-layout of ${source.name}`, layoutSchema, layout);
  const chooser = new ImageChooser(
    source.name,
    async (what, descriptor) => {
      await addFile(context, what, descriptor, await blobFile(source, what, descriptor.digest));
      return blobs.read(what, descriptor, limits);
    },
    limits,
  );
  const { platform = hostPlatform(), select } = options;
  const image = await chooser.choose(index, { platform, ...(select === undefined ? {} : { select }) });
  const { layers } = image.manifest;
  for (const { mediaType } of layers) {
    if (compressionOf(mediaType) === undefined)
      throw invalidImage(`${source.name} has a layer of type ${JSON.stringify(mediaType.slice(0, 200))}`);
  }
  const totalBytes = layers.reduce((sum, layer) => sum + layer.size, 0);
  let before = 0;
  for (const layer of layers) {
    let completed = 0;
    const tell = (count: number) => {
      completed += count;
      options.onProgress?.({ phase: 'import', completedBytes: before + completed, totalBytes });
    };
    const file = await blobFile(source, 'layer', layer.digest);
    await addFile(context, 'layer', layer, watched(source, file, options, tell));
    tell(layer.size - completed);
    before += layer.size;
  }
  return image;
}
