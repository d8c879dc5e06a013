/** What a layer takes away from those below it (OCI image-spec, layer, "Whiteouts"). */
import { readdir, rm } from 'node:fs/promises';
import { invalidImage } from '../limits.js';
import { type RootedTree, statAt } from './rooted-tree.js';

const PREFIX = '.wh.';
const META_PREFIX = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

/** What the last name of an entry means. */
export type NameMeaning =
  | { readonly kind: 'ordinary' }
  /** Everything of this name goes. */
  | { readonly kind: 'whiteout'; readonly name: string }
  /** Everything in the directory goes. */
  | { readonly kind: 'opaque' }
  /** AUFS's own notes, without meaning here. */
  | { readonly kind: 'meta' };

/** @throws LaunchportError ERR_IMAGE_INVALID for a whiteout of nothing, of `.` or of `..` */
export function meaningOf(name: string): NameMeaning {
  if (!name.startsWith(PREFIX)) return { kind: 'ordinary' };
  if (name === OPAQUE) return { kind: 'opaque' };
  if (name.startsWith(META_PREFIX)) return { kind: 'meta' };
  const hidden = name.slice(PREFIX.length);
  if (hidden !== '' && hidden !== '.' && hidden !== '..') return { kind: 'whiteout', name: hidden };
  throw invalidImage(`a whiteout of ${JSON.stringify(hidden)}`);
}

/** Whether `name` could be that of a directory: whiteouts have nothing in them. */
export function isReserved(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** What the layer at hand has made: whiteouts, in whatever order, spare it. */
export class OwnPlaces {
  readonly #made = new Set<string>();

  add(place: string): void {
    for (let at = place; !this.#made.has(at); at = at.slice(0, Math.max(at.lastIndexOf('/'), 0)))
      this.#made.add(at);
  }

  has(place: string): boolean {
    return this.#made.has(place);
  }
}

/** Removes `place` and all below it but what is among `own`. */
export async function removeLower(tree: RootedTree, place: string, own: OwnPlaces): Promise<void> {
  const path = tree.absolute(place);
  const status = await statAt(path);
  if (status === undefined) return;
  if (!own.has(place)) {
    await rm(path, { recursive: true, force: true });
    if (status.isDirectory()) tree.forget();
  } else if (status.isDirectory()) await removeLowerIn(tree, place, own);
}

/** Empties the directory `place` of all but what is among `own`. */
export async function removeLowerIn(tree: RootedTree, place: string, own: OwnPlaces): Promise<void> {
  for (const name of await readdir(tree.absolute(place)))
    await removeLower(tree, place === '' ? name : `${place}/${name}`, own);
}
