/** The JSON documents of images (OCI image-spec 1.1, Docker's image manifest v2 schema 2 and `docker save`), as zod schemas. */
import * as z from 'zod';
import { isDigest } from './digest.js';

export const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
export const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
export const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** How a layer's tar archive is packed. */
export type Compression = 'none' | 'gzip' | 'zstd';

const LAYER_TYPES: ReadonlyMap<string, Compression> = new Map(
  [
    OCI_LAYER,
    'application/vnd.oci.image.layer.nondistributable.v1.tar',
    'application/vnd.docker.image.rootfs.diff.tar',
    'application/vnd.docker.image.rootfs.foreign.diff.tar',
  ].flatMap((type): [string, Compression][] => {
    const separator = type.includes('.docker.') ? '.' : '+';
    return [
      [type, 'none'],
      [`${type}${separator}gzip`, 'gzip'],
      [`${type}${separator}zstd`, 'zstd'],
    ];
  }),
);

/** How a layer of this media type is packed; undefined for what is no layer of a root file system. */
export function compressionOf(mediaType: string): Compression | undefined {
  return LAYER_TYPES.get(mediaType);
}

const text = z.string().max(64 * 1024);
const strings = z.record(text, text);
// Go writes an empty list or map as null.
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
const digest = z.string().refine(isDigest, 'must be sha256: or sha512: and lower-case digits');

const platformSchema = z.object({
  os: text.default(''),
  architecture: text.default(''),
  variant: text.optional(),
});

const descriptorSchema = z.object({
  mediaType: text,
  digest,
  size: z.number().int().nonnegative(),
  annotations: strings.nullish(),
  platform: platformSchema.nullish(),
});

/** A pointer to content: what it is, its digest and its size in bytes. */
export type Descriptor = z.output<typeof descriptorSchema>;

const version = z.literal(2);

/** A list of manifests, or of further lists. */
export const indexSchema = z.object({
  schemaVersion: version,
  mediaType: text.optional(),
  manifests: list(descriptorSchema),
  // CVE-2021-41190: a document that is both would be two images, depending on who looks.
  layers: z.undefined({ error: 'must not be in an index' }).optional(),
  config: z.undefined({ error: 'must not be in an index' }).optional(),
});

/** A configuration and layers. */
export const manifestSchema = z.object({
  schemaVersion: version,
  mediaType: text.optional(),
  config: descriptorSchema,
  layers: list(descriptorSchema),
  manifests: z.undefined({ error: 'must not be in a manifest' }).optional(),
});
export type Manifest = z.output<typeof manifestSchema>;

const emptySet = z.record(text, z.unknown()).nullish();

/** What an image's configuration tells of the process to run. Docker's spelling, which OCI keeps. */
const processSchema = z.object({
  User: text.optional(),
  ExposedPorts: emptySet.transform((ports) => Object.keys(ports ?? {})),
  Env: list(text),
  Entrypoint: list(text),
  Cmd: list(text),
  Volumes: emptySet.transform((volumes) => Object.keys(volumes ?? {})),
  WorkingDir: text.optional(),
  Labels: strings.nullish().transform((labels) => labels ?? {}),
  StopSignal: text.optional(),
});

/**
 * What an image says of the process to run in it. Lists are empty when it says nothing. `ExposedPorts` as `80/tcp`,
 * `Volumes` as paths, `Env` as `NAME=value`, `User` as `name`, `uid` or either with `:group`.
 */
export type ImageConfig = Readonly<z.output<typeof processSchema>>;

/** The configuration of an image. */
export const configSchema = z.object({
  created: z.string().nullish(),
  author: text.nullish(),
  os: text.default(''),
  architecture: text.default(''),
  variant: text.optional(),
  config: z
    .unknown()
    .transform((value) => value ?? {})
    .pipe(processSchema),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: list(digest) }),
});
export type ConfigDocument = z.output<typeof configSchema>;

/** `oci-layout`, which says that a directory is an OCI image layout. */
export const layoutSchema = z.object({ imageLayoutVersion: z.string().regex(/^1\./, 'must be 1.x') });

/** `manifest.json` of `docker save`. */
export const dockerArchiveSchema = z.array(
  z.object({ Config: text, RepoTags: list(text), Layers: list(text) }),
);
