/** Files of an image that is to be imported: from a directory, or from an archive that was read into a staging directory. */
import { readlink, stat } from 'node:fs/promises';
import { basename, dirname, posix } from 'node:path';
import { LaunchportError } from '../../base/index.js';
import { bounded, decompressed, sniffCompression } from '../layer/layer-stream.js';
import { RootedTree, splitPath, statAt } from '../layer/rooted-tree.js';
import { type ImageLimits, invalidImage, limitError } from '../limits.js';
import { type AddedBlob, collect, stageFile } from '../store/blob-store.js';
import { counted, ifThere, openRegular, readChunks } from '../store/files.js';
import { readTar } from '../tar/tar-reader.js';
import type { ImageWorkOptions } from '../types.js';

/** A file of a source. */
export interface SourceFile {
  readonly size: number;
  /** Its bytes, once. */
  readonly chunks: () => AsyncGenerator<Uint8Array>;
  /** Where it was staged, and under which digest; it may be moved from there. */
  readonly staged?: AddedBlob & { readonly path: string };
}

/** Files by relative path. */
export interface ImageSource {
  /** What it is, for messages. */
  readonly name: string;
  /** Undefined when there is no such file. */
  file(path: string): Promise<SourceFile | undefined>;
}

const MAX_LINKS = 40;

/** Files below a directory; links do not lead out of it. */
export class DirectorySource implements ImageSource {
  readonly name: string;
  readonly #tree: RootedTree;
  readonly #limits: ImageLimits;

  constructor(path: string, limits: ImageLimits) {
    this.name = path;
    this.#limits = limits;
    this.#tree = new RootedTree(path, limits);
  }

  async file(path: string): Promise<SourceFile | undefined> {
    let names = [...splitPath(path, this.#limits)];
    for (let links = 0; links <= MAX_LINKS; links += 1) {
      const last = names.pop();
      const directory = await this.#tree.directory(names);
      if (directory === undefined || last === undefined || last === '..') return undefined;
      const place = this.#tree.absolute(directory === '' ? last : `${directory}/${last}`);
      const status = await statAt(place);
      if (status === undefined) return undefined;
      if (!status.isSymbolicLink()) {
        const { file, size } = await openRegular(place);
        await file.close();
        return { size, chunks: () => readChunks(place) };
      }
      const target = await readlink(place);
      names = `${target.startsWith('/') ? '' : directory}/${target}`.split('/').filter(isName);
    }
    throw invalidImage(`${this.name}: links go in circles at ${JSON.stringify(path.slice(0, 200))}`);
  }
}

/** Files of an archive: staged ones, and links among them. */
class ArchiveSource implements ImageSource {
  readonly name: string;
  readonly #files = new Map<string, AddedBlob & { readonly path: string }>();
  readonly #links = new Map<string, string>();

  constructor(path: string) {
    this.name = path;
  }

  add(name: string, file: AddedBlob & { readonly path: string }): void {
    this.#links.delete(name);
    this.#files.set(name, file);
  }

  addLink(name: string, target: string): void {
    this.#files.delete(name);
    this.#links.set(name, target);
  }

  async file(path: string): Promise<SourceFile | undefined> {
    let name = posix.normalize(path);
    for (let links = 0; links < MAX_LINKS; links += 1) {
      const staged = this.#files.get(name);
      if (staged !== undefined) {
        return { size: staged.size, chunks: () => readChunks(staged.path), staged };
      }
      const target = this.#links.get(name);
      if (target === undefined) return undefined;
      name = target;
    }
    return undefined;
  }
}

/** Reads a tar archive, which may be packed with gzip or zstd, into `stage`. */
export async function readArchive(
  path: string,
  stage: string,
  limits: ImageLimits,
  options: ImageWorkOptions,
): Promise<ImageSource> {
  const { file, size } = await openRegular(path);
  let done = 0;
  const tell = (count: number) => {
    done += count;
    options.onProgress?.({ phase: 'read', completedBytes: done, totalBytes: size });
  };
  const begin = Buffer.alloc(4);
  await file.read(begin, 0, 4, 0).finally(() => file.close());
  const raw = counted(`reading ${path}`, readChunks(path), options.signal, tell);
  const tar = bounded(path, decompressed(path, raw, sniffCompression(begin)), 'maxImageBytes', limits);
  const source = new ArchiveSource(path);
  let entries = 0;
  for await (const entry of readTar(path, tar, limits)) {
    entries += 1;
    if (entries > limits.maxEntries) throw limitError(path, 'maxEntries', limits);
    const name = splitPath(entry.path, limits).join('/');
    if (entry.kind === 'file') {
      // Sparse files would have to be filled up; no tool writes images so.
      if (entry.size > limits.maxImageBytes) throw limitError(path, 'maxImageBytes', limits);
      source.add(name, await stageFile(stage, dense(path, entry.pieces())));
    } else if (entry.kind === 'symlink') {
      source.addLink(name, posix.join(dirname(name), entry.linkPath));
    } else if (entry.kind === 'link') {
      source.addLink(name, splitPath(entry.linkPath, limits).join('/'));
    }
  }
  return source;
}

function isName(name: string): boolean {
  return name !== '' && name !== '.';
}

async function* dense(
  what: string,
  pieces: AsyncIterable<{ readonly offset: number; readonly data: Uint8Array }>,
): AsyncGenerator<Uint8Array> {
  let end = 0;
  for await (const { offset, data } of pieces) {
    if (offset !== end) throw invalidImage(`${what}: a file of the image has holes`);
    end += data.byteLength;
    yield data;
  }
}

/** A JSON document of a source; undefined when there is no such file. @throws LaunchportError ERR_IMAGE_INVALID */
export async function readJson(
  source: ImageSource,
  path: string,
  limits: ImageLimits,
): Promise<unknown | undefined> {
  const file = await source.file(path);
  if (file === undefined) return undefined;
  const what = `${basename(path)} of ${source.name}`;
  return parseJson(what, await collect(what, file.chunks(), limits));
}

/** @throws LaunchportError ERR_IMAGE_INVALID for what is no JSON in UTF-8 */
export function parseJson(what: string, data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (error) {
    throw invalidImage(`${what} is no JSON`, error);
  }
}

/** The error for a source that is not there. */
export function noSource(path: string): LaunchportError {
  return new LaunchportError('ERR_IMAGE_NOT_FOUND', `no such file or directory: ${path}`, {
    hint: 'Give an OCI image layout, an OCI or docker-save archive, or a root directory.',
  });
}

/** What `path` is. @throws LaunchportError ERR_IMAGE_NOT_FOUND */
export async function sourceKind(
  path: string,
  limits: ImageLimits,
): Promise<'archive' | 'image directory' | 'root directory'> {
  const source = new DirectorySource(path, limits);
  const status = await ifThere(stat(path));
  if (status === undefined) throw noSource(path);
  if (!status.isDirectory()) return 'archive';
  const has = async (name: string) => (await source.file(name).catch(() => undefined)) !== undefined;
  if ((await has('oci-layout')) || (await has('manifest.json'))) return 'image directory';
  // What lacks only the mark is more likely a layout than a root with such names.
  return (await has('index.json')) ? 'image directory' : 'root directory';
}
