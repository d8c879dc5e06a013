/** Layers that want out of their root. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { type Entries, HOSTILE_LAYERS } from '../helpers/hostile-layers.js';
import { guarded, ImagePlace, treeOf, unpackTars } from '../helpers/image-place.js';
import { type ImageEntry, type LayerEntries, layerTar } from '../helpers/oci-image.js';

it.each(HOSTILE_LAYERS)('stays inside: $name', async ({ layers, tree }) => {
  using place = new ImagePlace();
  const out = place.path('out');
  const check = guarded(out);
  const before = check();
  const real = layers.map((entries) => layerTar(withOut(entries, out)));
  const root = place.path('root');
  const outcome = await unpackTars(root, real).then(
    () => 'unpacked',
    (error: unknown) =>
      isLaunchportError(error, 'ERR_IMAGE_INVALID', 'ERR_IMAGE_LIMIT') ? 'refused' : String(error),
  );
  expect(check()).toBe(before);
  expect(readdirSync(place.directory).sort()).toEqual(['out', 'root']);
  if (tree === undefined) {
    // Names that go through the whole path of the test are made inside, or refused.
    if (JSON.stringify(layers).includes('OUT')) expect(['refused', 'unpacked']).toContain(outcome);
    else if (!JSON.stringify(layers).includes('"a/out"')) expect(outcome).toBe('refused');
    return;
  }
  expect(outcome).toBe('unpacked');
  expect(treeOf(root)).toEqual(JSON.parse(JSON.stringify(tree).replaceAll('OUT', out)));
});

it('no sequence of entries writes outside the root', { timeout: 120_000 }, async () => {
  const name = fc.constantFrom(
    'a',
    'b',
    'c',
    'etc',
    'out',
    'passwd',
    '.',
    '..',
    '',
    '.wh.a',
    '.wh.etc',
    '.wh..wh..opq',
  );
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const target = fc.oneof(
    path,
    path.map((text) => `../${text}`),
    path.map((text) => `../../${text}`),
    fc.constantFrom(
      '..',
      '../out',
      '../out/etc',
      'OUT',
      'OUT/etc',
      '/',
      '/etc',
      '/out',
      'a',
      'b',
      'a/b',
      '.',
    ),
  );
  const entry = fc.oneof(
    fc.tuple(path, fc.constant<ImageEntry>({ content: 'hostile', mode: 0o777 })),
    fc.tuple(path, fc.constant<ImageEntry>({ type: 'Directory', mode: 0o777 })),
    fc.tuple(
      path,
      target.map<ImageEntry>((to) => ({ type: 'SymbolicLink', target: to || '/' })),
    ),
    fc.tuple(
      path,
      target.map<ImageEntry>((to) => ({ type: 'Link', target: to || '/' })),
    ),
  );
  const layers = fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(layers, async (drawn) => {
      using place = new ImagePlace();
      const out = place.path('out');
      const check = guarded(out);
      const before = check();
      // An entry that is refused ends an unpacking, so each gets a chance of its own to be the last.
      const real = drawn.map((entries) =>
        layerTar(
          withOut(
            entries.filter(([to]) => isPlausible(to)),
            out,
          ),
        ),
      );
      await unpackTars(place.path('root'), real).catch((error: unknown) => {
        if (!isLaunchportError(error, 'ERR_IMAGE_INVALID', 'ERR_IMAGE_LIMIT')) throw error;
      });
      expect(check()).toBe(before);
      expect(readdirSync(place.directory).sort()).toEqual(['out', 'root']);
    }),
    { numRuns: 100 },
  );
});

/** Leaves most of what is refused at once out, or hardly anything would come after it. */
function isPlausible(path: string): boolean {
  return path !== '' && !path.split('/').includes('..') && !/\.wh\.[^/]*\/./.test(path);
}

function withOut(entries: Entries, out: string): LayerEntries {
  return entries.map(([path, entry]) => [
    path,
    typeof entry === 'string' || entry.target === undefined
      ? entry
      : { ...entry, target: entry.target.replace('OUT', out) },
  ]);
}

it('goes on after a link out has taken the place of a directory it knew', async () => {
  using place = new ImagePlace();
  const check = guarded(place.path('out'));
  const before = check();
  const root = place.path('root');
  await unpackTars(root, [
    layerTar({ 'd/known/f': '1' }),
    layerTar([
      ['.wh.d', ''],
      ['d', { target: '../out' }],
      ['d/known/g', '2'],
    ]),
  ]);
  expect(check()).toBe(before);
  expect(treeOf(root)).toMatchObject({ d: '-> ../out', 'out/known/g': '2' });
  expect(readdirSync(join(root, 'out/known'))).toEqual(['g']);
});
