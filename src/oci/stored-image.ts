/** Images as callers of the store see them. */
import { LaunchportError } from '../base/index.js';
import { digestOf } from './digest.js';
import { hostPlatform } from './platform.js';
import type { ResolvedImage } from './source/choose.js';
import type { NameRecord } from './store/name-index.js';
import { type FindOptions, ROOT_DIRECTORY_TYPE, type StoredImage } from './types.js';

/** What callers see of an image. */
export function stored(reference: string, image: ResolvedImage, record?: NameRecord): StoredImage {
  const { descriptor, manifest, config } = image;
  const created = config.created ? new Date(config.created) : undefined;
  const { os, architecture, variant } = config;
  return {
    reference,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    size: descriptor.size,
    totalSize: [descriptor, manifest.config, ...manifest.layers].reduce((sum, { size }) => sum + size, 0),
    ...(created === undefined || Number.isNaN(created.getTime()) ? {} : { createdAt: created }),
    ...(record === undefined ? {} : { importedAt: new Date(record.importedAt) }),
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    config: config.config,
    diffIds: config.rootfs.diff_ids,
  };
}

/** A plain root directory, used where it lies. */
export function rootDirectory(path: string, options: FindOptions): StoredImage {
  return {
    reference: path,
    digest: digestOf(path),
    mediaType: ROOT_DIRECTORY_TYPE,
    size: 0,
    totalSize: 0,
    platform: options.platform ?? hostPlatform(),
    config: { Env: [], Entrypoint: [], Cmd: [], ExposedPorts: [], Volumes: [], Labels: {} },
    diffIds: [],
  };
}

/** The error for what is not in the store. */
export function notFound(name: string): LaunchportError {
  return new LaunchportError('ERR_IMAGE_NOT_FOUND', `there is no image ${name}`, {
    hint: `Images are not fetched from registries: make an archive elsewhere (docker save ${name} -o image.tar) and import it: launchport image import image.tar --name ${name}.`,
    details: { name },
  });
}
