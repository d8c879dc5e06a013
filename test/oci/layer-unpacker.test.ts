/** What layers become: files as they were packed, and what one layer does to those below it. */
import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_IMAGE_LIMITS } from '../../src/oci/limits.js';
import { ImagePlace, IS_ROOT, treeOf, unpackTars } from '../helpers/image-place.js';
import { EPOCH, type LayerEntries, layerTar } from '../helpers/oci-image.js';
import { rejectionOf } from '../helpers/thrown.js';

async function unpacked(...layers: LayerEntries[]) {
  const place = new ImagePlace();
  try {
    const report = await unpackTars(place.path('root'), layers.map(layerTar));
    return { tree: treeOf(place.path('root')), report };
  } finally {
    place[Symbol.dispose]();
  }
}

it('makes files, directories and links with their modes and times', async () => {
  using place = new ImagePlace();
  const old = new Date('1999-12-31T23:59:59Z');
  await unpackTars(place.path('root'), [
    layerTar({
      './': { mode: 0o711, mtime: old },
      'bin/': { mode: 0o750, mtime: old },
      'bin/run': { content: 'run', mode: 0o751, mtime: old },
      'bin/again': { type: 'Link', target: 'bin/run' },
      'bin/soft': { target: 'run', mtime: old },
      'tmp/': { mode: 0o1777 },
      'shared/': { mode: 0o2775 },
    }),
  ]);
  const root = place.path('root');
  const status = (path: string) => lstatSync(join(root, path));
  expect(status('').mode & 0o7777).toBe(0o711);
  expect(status('bin').mode & 0o7777).toBe(0o750);
  expect(status('bin/run').mode & 0o7777).toBe(0o751);
  expect(status('tmp').mode & 0o7777).toBe(0o1777);
  expect(status('shared').mode & 0o7777).toBe(0o2775);
  for (const path of ['', 'bin', 'bin/run', 'bin/soft']) expect(status(path).mtime, path).toEqual(old);
  expect(status('tmp').mtime).toEqual(EPOCH);
  expect(status('bin/again').ino).toBe(status('bin/run').ino);
  expect(readlinkSync(join(root, 'bin/soft'))).toBe('run');
});

it.runIf(IS_ROOT)('gives files to their owners as root', async () => {
  using place = new ImagePlace();
  const report = await unpackTars(place.path('root'), [
    layerTar({
      'home/': { uid: 1000, gid: 1001 },
      'home/f': { uid: 1000, gid: 3_000_000 },
      'home/l': { target: '/nowhere', uid: 7, gid: 8 },
      'implied/f': { uid: 5, gid: 5 },
    }),
  ]);
  const owner = (path: string) => {
    const { uid, gid } = lstatSync(place.path('root', path));
    return [uid, gid];
  };
  expect(owner('home')).toEqual([1000, 1001]);
  expect(owner('home/f')).toEqual([1000, 3_000_000]);
  expect(owner('home/l')).toEqual([7, 8]);
  expect(owner('implied')).toEqual([0, 0]);
  expect(report.isOwnershipKept).toBe(true);
});

it('without root notes that owners are not kept, and locks nobody out', async () => {
  using place = new ImagePlace();
  const layers = [layerTar({ 'd/': { mode: 0 }, 'd/f': { mode: 0, uid: 1000 } })];
  const report = await unpackTars(place.path('root'), layers, { ownership: false });
  expect(report.isOwnershipKept).toBe(false);
  expect(statSync(place.path('root/d')).mode & 0o777).toBe(0o700);
  expect(statSync(place.path('root/d/f')).mode & 0o777).toBe(0o400);
});

it('takes set-user-ID bits from programs unless told to keep them', async () => {
  const layers = [layerTar({ su: { mode: 0o6755 }, plain: { mode: 0o1644 } })];
  for (const [keep, mode, count] of [
    [false, 0o755, 1],
    [true, IS_ROOT ? 0o6755 : 0o755, IS_ROOT ? 0 : 1],
  ] as const) {
    using place = new ImagePlace();
    const report = await unpackTars(place.path('root'), layers, { setuid: keep });
    expect(statSync(place.path('root/su')).mode & 0o7777).toBe(mode);
    expect(report.setuidCount).toBe(count);
  }
});

it('leaves devices, fifos and unknown things out, and tells of them', async () => {
  const { tree, report } = await unpacked({
    'dev/': {},
    'dev/null': { type: 'CharacterDevice' },
    'dev/sda': { type: 'BlockDevice' },
    'run/pipe': { type: 'FIFO' },
    f: 'x',
  });
  expect(tree).toEqual({ dev: 'dir', f: 'x' });
  expect(report.skippedCount).toBe(3);
  expect(report.skipped.map(({ path }) => path)).toEqual(['dev/null', 'dev/sda', 'run/pipe']);
});

it.each<{ name: string; layers: LayerEntries[]; tree: Record<string, string> }>([
  {
    name: 'a whiteout removes a file of a lower layer',
    layers: [{ 'a/x': '1', 'a/y': '2' }, { 'a/.wh.x': '' }],
    tree: { a: 'dir', 'a/y': '2' },
  },
  {
    name: 'a whiteout removes a whole directory',
    layers: [{ 'a/b/c/d': '1', e: '2' }, { '.wh.a': '' }],
    tree: { e: '2' },
  },
  {
    name: 'a whiteout removes a link, not what it points to',
    layers: [{ f: '1', l: { target: 'f' } }, { '.wh.l': '' }],
    tree: { f: '1' },
  },
  {
    name: 'a whiteout spares what its own layer has, whether before or after it',
    layers: [
      { a: 'old', b: 'old', 'd/old': '1', 'e/old': '1' },
      [
        ['a', 'new'],
        ['.wh.a', ''],
        ['.wh.b', ''],
        ['b', 'new'],
        ['d/new', '2'],
        ['.wh.d', ''],
        ['.wh.e', ''],
        ['e/', {}],
      ],
    ],
    tree: { a: 'new', b: 'new', d: 'dir', 'd/new': '2', e: 'dir' },
  },
  {
    name: 'a whiteout of nothing is nothing',
    layers: [{ a: '1' }, { '.wh.b': '', 'c/.wh.d': '', 'a2/': {} }],
    tree: { a: '1', a2: 'dir' },
  },
  {
    name: 'an opaque directory hides all of the lower ones, and none of its own, in any order',
    layers: [
      { 'd/low': '1', 'd/sub/low': '1', other: '1' },
      [
        ['d/first', '2'],
        ['d/.wh..wh..opq', ''],
        ['d/sub/last', '2'],
      ],
    ],
    tree: { d: 'dir', 'd/first': '2', 'd/sub': 'dir', 'd/sub/last': '2', other: '1' },
  },
  {
    name: 'an opaque root hides everything',
    layers: [
      { 'a/b': '1', c: '2' },
      { '.wh..wh..opq': '', n: '3' },
    ],
    tree: { n: '3' },
  },
  {
    name: 'notes of AUFS are left out',
    layers: [{ '.wh..wh.plnk/': {}, '.wh..wh.aufs': '', a: '1' }],
    tree: { a: '1' },
  },
  {
    name: 'a file takes the place of a directory, and a directory that of a file or link',
    layers: [
      { 'a/x': '1', b: '2', 'c/y': '1', d: { target: 'c' } },
      { a: 'file', 'b/z': '3', 'd/': {} },
    ].map((layer, index) => (index === 0 ? layer : { a: 'file', 'b/': {}, 'b/z': '3', 'd/': {} })),
    tree: { a: 'file', b: 'dir', 'b/z': '3', c: 'dir', 'c/y': '1', d: 'dir' },
  },
  {
    name: 'a file that is replaced leaves its other names alone',
    layers: [{ a: '1', b: { type: 'Link', target: 'a' } }, { a: '2' }],
    tree: { a: '2', b: '1' },
  },
  {
    name: 'names come twice, and the last one stays',
    layers: [
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    tree: { a: '2' },
  },
  {
    name: 'what is written through a link to a directory of the image lands there',
    layers: [
      { 'usr/bin/': {}, bin: { target: 'usr/bin' }, abs: { target: '/usr' } },
      { 'bin/sh': 'x', 'abs/y': 'y' },
    ],
    tree: {
      abs: '-> /usr',
      bin: '-> usr/bin',
      usr: 'dir',
      'usr/bin': 'dir',
      'usr/bin/sh': 'x',
      'usr/y': 'y',
    },
  },
])('$name', async ({ layers, tree }) => {
  expect((await unpacked(...layers)).tree).toEqual(tree);
});

it('keeps hard links across layers, and to themselves', async () => {
  using place = new ImagePlace();
  await unpackTars(place.path('root'), [
    layerTar({ a: '1' }),
    layerTar({ 'd/b': { type: 'Link', target: '/a' }, a: { type: 'Link', target: './a' } }),
  ]);
  expect(statSync(place.path('root/a')).ino).toBe(statSync(place.path('root/d/b')).ino);
  expect(readFileSync(place.path('root/a'), 'utf8')).toBe('1');
});

it.each<[string, Partial<Record<keyof typeof DEFAULT_IMAGE_LIMITS, number>>, LayerEntries]>([
  ['maxEntries', { maxEntries: 2 }, { a: '', b: '', c: '' }],
  ['maxUnpackedBytes', { maxUnpackedBytes: 5 }, { a: '123', b: '456' }],
  ['maxPathBytes', { maxPathBytes: 10 }, { 'abcde/fghij': '' }],
  ['maxPathBytes', { maxPathBytes: 10 }, { l: { target: 'abcdefghijk' } }],
  ['maxPathDepth', { maxPathDepth: 2 }, { 'a/b/c': '' }],
  ['maxPathDepth', { maxPathDepth: 2 }, { l: { target: 'a/b/c' }, 'l/x': '' }],
  ['maxHeaderBytes', { maxHeaderBytes: 10 }, { ['x'.repeat(150)]: '' }],
])('refuses more than %s', async (name, limits, layer) => {
  using place = new ImagePlace();
  const work = unpackTars(place.path('root'), [layerTar(layer)], {
    limits: { ...DEFAULT_IMAGE_LIMITS, ...limits },
  });
  expect(await rejectionOf(work)).toMatchObject({ code: 'ERR_IMAGE_LIMIT', details: { limit: name } });
});
