/** The store of images that commands work on, and what its facts look like to a person. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ImageProgress, ImageStore, isPath, type StoredImage } from '../oci/index.js';
import { resolveRoots } from '../plugin/index.js';
import type { CliContext } from './context.js';

/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 200;

/** The store below the application root. */
export function openImages({ environment }: Pick<CliContext, 'environment'>): ImageStore {
  return new ImageStore({ directory: join(resolveRoots({}, environment).app, 'images') });
}

/** A path is relative to where the command runs, a name is a name. */
export function imageArgument({ cwd }: Pick<CliContext, 'cwd'>, text: string): string {
  return isPath(text) ? resolve(cwd, text) : text;
}

/**
 * Digests that the files of containers speak of, in whatever field: an image whose root a container uses must stay,
 * also when its name is gone and when the container does not run.
 */
export async function digestsInUse({
  environment,
}: Pick<CliContext, 'environment'>): Promise<readonly string[]> {
  const directory = join(resolveRoots({}, environment).app, 'containers');
  const digests = new Set<string>();
  for (const container of await entriesOf(directory)) {
    for (const file of await entriesOf(join(directory, container))) {
      if (!file.endsWith('.json')) continue;
      const text = await readFile(join(directory, container, file), 'utf8').catch(ifGone);
      for (const [, algorithm, hex] of text.matchAll(/\b(sha256|sha512)[:-]([0-9a-f]{64,128})\b/g))
        digests.add(`${algorithm}:${hex}`);
    }
  }
  return [...digests];
}

/** Names for completion, as short as they can be typed. */
export async function imageNames(context: Pick<CliContext, 'environment'>): Promise<readonly string[]> {
  const images = await openImages(context).list();
  return images.map(({ reference }) => reference.replace(/:latest$/, ''));
}

/** Bytes as people say them: 1.9 MB. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A date as people read it, in UTC, or a dash. */
export function dateText(date: Date | undefined): string {
  return date === undefined ? '-' : date.toISOString().slice(0, 16).replace('T', ' ');
}

/** Name and tag of an image; the tag is a dash where there is none. */
export function nameParts({ reference }: StoredImage): { readonly name: string; readonly tag: string } {
  const colon = reference.lastIndexOf(':');
  if (isPath(reference) || colon <= reference.lastIndexOf('/')) return { name: reference, tag: '-' };
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

/** Shows progress on one line of the terminal, if there is one; `end` takes the line away. */
export function progressLine(context: CliContext): {
  readonly onProgress: (progress: ImageProgress) => void;
  readonly end: () => void;
} {
  let shown = 0;
  return {
    onProgress: ({ phase, completedBytes, totalBytes }) => {
      const now = Date.now();
      if (context.columns === undefined || now - shown < PROGRESS_MS) return;
      shown = now;
      const total = totalBytes === undefined ? '' : ` of ${sizeText(totalBytes)}`;
      context.stderr.write(`\r\u001b[K${phase}: ${sizeText(completedBytes)}${total}`);
    },
    end: () => {
      if (shown > 0) context.stderr.write('\r\u001b[K');
    },
  };
}

function entriesOf(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    ifGone(error);
    return [];
  });
}

function ifGone(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
  throw error;
}
