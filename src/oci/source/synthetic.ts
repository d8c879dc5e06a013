/** Images whose manifest is ours, because what they came from has none. */
import { type Digest, digestOf } from '../digest.js';
import { OCI_CONFIG, OCI_MANIFEST } from '../schema.js';
import { oneChunk } from '../store/blob-store.js';
import type { ImportContext } from './add-file.js';
import { ImageChooser, type ResolvedImage } from './choose.js';

/** A layer that is in the store. */
export interface LayerBlob {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** Adds the configuration, and a manifest for it and `layers`. The same image gives the same manifest. */
export async function addSynthetic(
  name: string,
  config: Uint8Array,
  layers: readonly LayerBlob[],
  { blobs, limits, stage }: ImportContext,
  names: readonly string[],
): Promise<ResolvedImage> {
  const add = async (what: string, mediaType: string, data: Uint8Array) => {
    const descriptor = { mediaType, digest: digestOf(data), size: data.byteLength };
    await blobs.add(what, descriptor, () => oneChunk(data), stage);
    return descriptor;
  };
  const manifest = await add(
    'image manifest',
    OCI_MANIFEST,
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: await add('image configuration', OCI_CONFIG, config),
        layers,
      }),
    ),
  );
  const chooser = new ImageChooser(name, (what, descriptor) => blobs.read(what, descriptor, limits), limits);
  return chooser.resolve(manifest, names);
}
