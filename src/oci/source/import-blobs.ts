/** Brings one image into the blob store, from whatever lies at a path. */
import { LaunchportError } from '../../base/index.js';
import { hostPlatform } from '../platform.js';
import { OCI_LAYER } from '../schema.js';
import { counted } from '../store/files.js';
import { writeRootArchive } from '../tar/tar-writer.js';
import type { ImportOptions } from '../types.js';
import type { ImportContext } from './add-file.js';
import type { ResolvedImage } from './choose.js';
import { importDockerArchive } from './docker-archive.js';
import { DirectorySource, readArchive, readJson, sourceKind } from './image-source.js';
import { importLayout } from './layout.js';
import { addSynthetic } from './synthetic.js';

/** Adds the blobs of the image at `path`. Blobs that were added stay when it fails, without a name. */
export async function importBlobs(
  path: string,
  context: ImportContext,
  options: ImportOptions,
): Promise<ResolvedImage> {
  const { limits, stage } = context;
  const kind = await sourceKind(path, limits);
  if (kind === 'root directory') return importRoot(path, context, options);
  const source =
    kind === 'archive' ? await readArchive(path, stage, limits, options) : new DirectorySource(path, limits);
  const index = await readJson(source, 'index.json', limits);
  if (index !== undefined) return importLayout(source, index, context, options);
  const manifest = await readJson(source, 'manifest.json', limits);
  if (manifest !== undefined) return importDockerArchive(source, manifest, context, options);
  throw new LaunchportError('ERR_IMAGE_INVALID', `${path} holds neither index.json nor manifest.json`, {
    hint: 'If it is the archive of a root directory, unpack it and import the directory.',
  });
}

/** A directory becomes an image of one layer that says nothing of what to run. */
async function importRoot(
  path: string,
  context: ImportContext,
  options: ImportOptions,
): Promise<ResolvedImage> {
  let completedBytes = 0;
  const chunks = counted(`importing ${path}`, writeRootArchive(path), options.signal, (count) => {
    completedBytes += count;
    options.onProgress?.({ phase: 'import', completedBytes });
  });
  const layer = await context.blobs.addAny(chunks, context.stage);
  const { os, architecture, variant } = options.platform ?? hostPlatform();
  const config = {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: {},
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  };
  const data = Buffer.from(JSON.stringify(config));
  return addSynthetic(path, data, [{ mediaType: OCI_LAYER, ...layer }], context, []);
}
