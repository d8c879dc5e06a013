/** Imports from what `docker save` wrote before it wrote OCI layouts, and from what imitates it. */
import { posix } from 'node:path';
import { LaunchportError } from '../../base/index.js';
import { digestOf } from '../digest.js';
import { invalidImage, limitError } from '../limits.js';
import { formatReference, parseReference } from '../reference.js';
import { configSchema, dockerArchiveSchema, OCI_LAYER } from '../schema.js';
import { collect } from '../store/blob-store.js';
import type { ImportOptions } from '../types.js';
import { addAnyFile, compressionOfFile, type ImportContext, watched } from './add-file.js';
import { assertPlatform, parse, type ResolvedImage } from './choose.js';
import { type ImageSource, parseJson, type SourceFile } from './image-source.js';
import { addSynthetic, type LayerBlob } from './synthetic.js';

/** Adds configuration and layers of the image that is meant, and a manifest for them. */
export async function importDockerArchive(
  source: ImageSource,
  document: unknown,
  context: ImportContext,
  options: ImportOptions,
): Promise<ResolvedImage> {
  const { limits } = context;
  const { Config, Layers, RepoTags } = chooseOne(source, document, options.select);
  const configData = await collect(Config, (await fileOf(source, Config)).chunks(), limits);
  checkName(source, Config, digestOf(configData));
  const config = parse('image configuration', configSchema, parseJson('image configuration', configData));
  assertPlatform(source.name, config, options.platform);
  if (Layers.length > limits.maxLayers) throw limitError(`layers of ${source.name}`, 'maxLayers', limits);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== Layers.length)
    throw invalidImage(`${source.name} has ${Layers.length} layers but ${diffIds.length} diff_ids`);
  const layers: LayerBlob[] = [];
  let completedBytes = 0;
  for (const [index, name] of Layers.entries()) {
    const file = await fileOf(source, name);
    const compression = await compressionOfFile(file);
    const tell = (count: number) => {
      completedBytes += count;
      options.onProgress?.({ phase: 'import', completedBytes });
    };
    const added = await addAnyFile(context, watched(source, file, options, tell));
    const expected = diffIds[index];
    if (compression === 'none' && expected?.startsWith('sha256:') && expected !== added.digest)
      throw mismatch(`layer ${name} of ${source.name}`, added.digest, expected);
    layers.push({ ...added, mediaType: compression === 'none' ? OCI_LAYER : `${OCI_LAYER}+${compression}` });
  }
  return addSynthetic(source.name, configData, layers, context, RepoTags);
}

function chooseOne(source: ImageSource, document: unknown, select: string | undefined) {
  const images = parse(`manifest.json of ${source.name}`, dockerArchiveSchema, document);
  const wanted = select === undefined ? undefined : formatReference(parseReference(select));
  const found = images.filter(
    ({ RepoTags }) =>
      wanted === undefined || RepoTags.some((tag) => formatReference(parseReference(tag)) === wanted),
  );
  const [image, ...more] = found;
  if (image !== undefined && more.length === 0) return image;
  const names = images.flatMap(({ RepoTags }) => RepoTags);
  if (image !== undefined) {
    throw new LaunchportError('ERR_USAGE', `${source.name} holds several images: ${names.join(', ')}`, {
      hint: 'Choose one with --select.',
      details: { names },
    });
  }
  if (select === undefined) throw invalidImage(`${source.name} holds no image`);
  throw new LaunchportError('ERR_IMAGE_NOT_FOUND', `${source.name} holds no image called ${select}`, {
    hint: names.length > 0 ? `It holds ${names.join(', ')}.` : 'Its images have no names.',
  });
}

async function fileOf(source: ImageSource, name: string): Promise<SourceFile> {
  const file = await source.file(name);
  if (file === undefined) throw invalidImage(`${source.name} lacks ${JSON.stringify(name.slice(0, 200))}`);
  return file;
}

/** A configuration is named after its digest. */
function checkName(source: ImageSource, name: string, digest: string): void {
  const hex = /^([0-9a-f]{64})(?:\.json)?$/.exec(posix.basename(name))?.[1];
  if (hex !== undefined && `sha256:${hex}` !== digest)
    throw mismatch(`the configuration of ${source.name}`, digest, `sha256:${hex}`);
}

function mismatch(what: string, actual: string, expected: string): LaunchportError {
  return new LaunchportError('ERR_IMAGE_DIGEST', `${what} is ${actual} instead of ${expected}`, {
    details: { digest: expected },
    hint: 'The image is damaged or was tampered with: get it again.',
  });
}
