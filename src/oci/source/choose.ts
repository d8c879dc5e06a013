/** Which image of a layout is meant: indexes are followed to the manifest for a platform (OCI image-spec, image index). */

import type { z } from 'zod';
import { LaunchportError } from '../../base/index.js';
import type { Digest } from '../digest.js';
import { type ImageLimits, invalidImage, limitError } from '../limits.js';
import { formatPlatform, hostPlatform, type ImagePlatform, servesPlatform } from '../platform.js';
import { formatReference, parseReference } from '../reference.js';
import {
  CONFIG_TYPES,
  type ConfigDocument,
  configSchema,
  type Descriptor,
  INDEX_TYPES,
  indexSchema,
  MANIFEST_TYPES,
  type Manifest,
  manifestSchema,
} from '../schema.js';
import { parseJson } from './image-source.js';

/** An image, resolved. */
export interface ResolvedImage {
  readonly descriptor: Pick<Descriptor, 'digest' | 'size' | 'mediaType'>;
  readonly manifest: Manifest;
  readonly config: ConfigDocument;
  /** What the layout calls it: whole names and bare tags. */
  readonly names: readonly string[];
}

/** What is asked for. */
export interface Choice {
  readonly platform: ImagePlatform;
  readonly select?: string;
}

/** Reads a blob whole, checked against its descriptor. */
export type ReadBlob = (what: string, descriptor: Descriptor) => Promise<Uint8Array>;

interface Candidate {
  readonly descriptor: Descriptor;
  readonly names: readonly string[];
}

const NAMES = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/** Chooses one image among those of `index.json`. `what` names the layout in errors. */
export class ImageChooser {
  readonly #what: string;
  readonly #read: ReadBlob;
  readonly #limits: ImageLimits;
  #documents = 0;

  constructor(what: string, read: ReadBlob, limits: ImageLimits) {
    this.#what = what;
    this.#read = read;
    this.#limits = limits;
  }

  /** @throws LaunchportError ERR_IMAGE_NOT_FOUND, ERR_IMAGE_INVALID, ERR_IMAGE_DIGEST, ERR_IMAGE_LIMIT, ERR_USAGE */
  async choose(index: unknown, choice: Choice): Promise<ResolvedImage> {
    const { manifests } = parse(`index.json of ${this.#what}`, indexSchema, index);
    const top = manifests.map((descriptor) => ({ descriptor, names: namesOf(descriptor) }));
    const asked =
      choice.select === undefined ? top : top.filter(({ names }) => isSelected(names, choice.select));
    if (asked.length === 0 && top.length > 0) throw this.#noneOf(`called ${choice.select}`, top);
    const found = new Map<Digest, Candidate>();
    const offered = new Set<string>();
    for (const candidate of asked)
      await this.#collect(candidate, choice.platform, found, offered, this.#limits.maxIndexDepth);
    const [first, ...more] = found.values();
    if (first === undefined) {
      if (offered.size === 0) throw invalidImage(`${this.#what} holds no image`);
      throw wrongPlatform(this.#what, choice.platform, [...offered]);
    }
    const names = [first, ...more].flatMap((candidate) => candidate.names);
    if (more.some((other) => other.names.join() !== first.names.join())) throw this.#several(names);
    return this.resolve(first.descriptor, first.names);
  }

  /** Reads manifest and configuration behind a descriptor. */
  async resolve(
    descriptor: Descriptor | ResolvedImage['descriptor'],
    names: readonly string[] = [],
  ): Promise<ResolvedImage> {
    const manifest = await this.#manifest(descriptor);
    if (!CONFIG_TYPES.includes(manifest.config.mediaType)) {
      throw invalidImage(
        `${this.#what} is no container image but ${JSON.stringify(manifest.config.mediaType.slice(0, 200))}`,
      );
    }
    const config = parse(
      'image configuration',
      configSchema,
      await this.#document('image configuration', manifest.config),
    );
    const layers = manifest.layers.length;
    if (layers > this.#limits.maxLayers)
      throw limitError(`layers of ${this.#what}`, 'maxLayers', this.#limits);
    const total = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
    if (total > this.#limits.maxImageBytes) throw limitError(this.#what, 'maxImageBytes', this.#limits);
    if (config.rootfs.diff_ids.length !== layers) {
      throw invalidImage(`${this.#what} has ${layers} layers but ${config.rootfs.diff_ids.length} diff_ids`);
    }
    return { descriptor, manifest, config, names };
  }

  async #collect(
    { descriptor, names }: Candidate,
    wanted: ImagePlatform,
    found: Map<Digest, Candidate>,
    offered: Set<string>,
    depth: number,
  ): Promise<void> {
    if (INDEX_TYPES.includes(descriptor.mediaType)) {
      if (depth === 0) throw limitError(`indexes of ${this.#what}`, 'maxIndexDepth', this.#limits);
      const index = parse('image index', indexSchema, await this.#document('image index', descriptor));
      for (const inner of index.manifests)
        await this.#collect({ descriptor: inner, names }, wanted, found, offered, depth - 1);
      return;
    }
    // Signatures, attestations and other artifacts stand beside images.
    if (!MANIFEST_TYPES.includes(descriptor.mediaType)) return;
    if (descriptor.annotations?.['vnd.docker.reference.type'] !== undefined) return;
    const platform = descriptor.platform ?? (await this.#platformOf(descriptor));
    if (platform === undefined || platform.os === 'unknown') return;
    const isSilent = platform.os === '' || platform.architecture === '';
    if (!isSilent) offered.add(formatPlatform(platform));
    if ((isSilent || servesPlatform(platform, wanted)) && !found.has(descriptor.digest))
      found.set(descriptor.digest, { descriptor, names });
  }

  /** As the configuration says; undefined for what is no image. */
  async #platformOf(descriptor: Descriptor): Promise<ImagePlatform | undefined> {
    const { config } = await this.#manifest(descriptor);
    if (!CONFIG_TYPES.includes(config.mediaType)) return undefined;
    return parse('image configuration', configSchema, await this.#document('image configuration', config));
  }

  async #manifest(descriptor: Descriptor | ResolvedImage['descriptor']): Promise<Manifest> {
    const manifest = parse(
      'image manifest',
      manifestSchema,
      await this.#document('image manifest', descriptor),
    );
    if (manifest.mediaType !== undefined && manifest.mediaType !== descriptor.mediaType)
      throw invalidImage(`a manifest of ${this.#what} is not of the type that it is said to be`);
    return manifest;
  }

  async #document(what: string, descriptor: Descriptor | ResolvedImage['descriptor']): Promise<unknown> {
    this.#documents += 1;
    if (this.#documents > this.#limits.maxDocuments)
      throw limitError(`documents of ${this.#what}`, 'maxDocuments', this.#limits);
    if (descriptor.size > this.#limits.maxDocumentBytes)
      throw limitError(what, 'maxDocumentBytes', this.#limits);
    return parseJson(what, await this.#read(what, descriptor));
  }

  #noneOf(text: string, top: readonly Candidate[]): LaunchportError {
    const names = top.flatMap((candidate) => candidate.names);
    return new LaunchportError('ERR_IMAGE_NOT_FOUND', `${this.#what} holds no image ${text}`, {
      hint: names.length > 0 ? `It holds ${names.join(', ')}.` : 'Its images have no names.',
    });
  }

  #several(names: readonly string[]): LaunchportError {
    const list = [...new Set(names)].join(', ');
    return new LaunchportError('ERR_USAGE', `${this.#what} holds several images: ${list}`, {
      hint: 'Choose one with --select.',
      details: { names },
    });
  }
}

/** @throws LaunchportError ERR_IMAGE_NOT_FOUND when the only image there is is for another platform than is wanted */
export function assertPlatform(
  what: string,
  config: ImagePlatform,
  wanted: ImagePlatform = hostPlatform(),
): void {
  // Images that do not say run wherever they do.
  if (config.os === '' || config.architecture === '' || servesPlatform(config, wanted)) return;
  throw wrongPlatform(what, wanted, [formatPlatform(config)]);
}

function wrongPlatform(what: string, wanted: ImagePlatform, offered: readonly string[]): LaunchportError {
  return new LaunchportError(
    'ERR_IMAGE_NOT_FOUND',
    `${what} holds no image for ${formatPlatform(wanted)}, only for ${offered.join(', ')}`,
    { hint: `Choose one with --platform ${offered[0]}.`, details: { offered } },
  );
}

/** Parses with a schema, and says what is wrong. @throws LaunchportError ERR_IMAGE_INVALID */
export function parse<T extends z.ZodType>(what: string, schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  throw invalidImage(`${what}: ${place}${issue?.message ?? 'is not valid'}`, result.error);
}

function namesOf({ annotations }: Descriptor): readonly string[] {
  return NAMES.flatMap((key) => annotations?.[key] ?? []);
}

function isSelected(names: readonly string[], select = ''): boolean {
  return names.some((name) => name === select || fullName(name) === fullName(select));
}

function fullName(name: string): string {
  try {
    return formatReference(parseReference(name));
  } catch {
    return name;
  }
}
