/** The store: names, finding, pruning, and many at once. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { expect, it } from 'vitest';
import { ImageStore, ROOT_DIRECTORY_TYPE } from '../../src/oci/index.js';
import { ImagePlace, treeOf } from '../helpers/image-place.js';
import { dockerFiles, imageFiles, writeArchive, writeFiles, writeLayout } from '../helpers/oci-image.js';
import { rejectionOf } from '../helpers/thrown.js';

const ONE = { layers: [{ a: '1' }, { b: '1' }] };
const TWO = { layers: [{ a: '1' }, { c: '2' }] };

const storeAt = (place: ImagePlace) => new ImageStore({ directory: place.path('images') });
const blobCount = (place: ImagePlace) => readdirSync(place.path('images/blobs/sha256')).length;

it('is for the user alone', async () => {
  using place = new ImagePlace();
  mkdirSync(place.path('images'), { mode: 0o755 });
  const store = storeAt(place);
  await store.unpack(await store.import(writeLayout(place.path('a'), ONE)));
  expect(statSync(store.directory).mode & 0o777).toBe(0o700);
  for (const path of readdirSync(store.directory, { recursive: true, encoding: 'utf8' })) {
    if (/^roots\/[^/]+\/rootfs/.test(path)) continue;
    expect(statSync(`${store.directory}/${path}`).mode & 0o077, path).toBe(0);
  }
});

it('finds an image by every spelling of its name, and by its digest', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  const image = await store.import(writeLayout(place.path('x'), ONE), { name: 'alpine' });
  expect(image.reference).toBe('alpine:latest');
  for (const name of ['alpine', 'alpine:latest', 'docker.io/library/alpine', 'library/alpine:latest'])
    expect(await store.find(name)).toEqual(image);
  const hex = image.digest.slice('sha256:'.length);
  for (const name of [image.digest, `sha256:${hex.slice(0, 12)}`, hex.slice(0, 12), `alpine@${image.digest}`])
    expect((await store.find(name)).digest).toBe(image.digest);
  expect((await store.find(`alpine@${image.digest}`)).reference).toBe(`alpine@${image.digest}`);
});

it('tells how to import what is not there', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  for (const name of ['alpine', 'alpine:3', `sha256:${'0'.repeat(64)}`, 'ghcr.io/a/b:c']) {
    const error = await rejectionOf(store.find(name));
    expect(error).toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND', kind: 'notFound' });
    expect(error.hint).toContain('launchport image import');
  }
  expect((await rejectionOf(store.find('alpine'))).hint).toContain(
    'docker save alpine:latest -o image.tar) and import it: launchport image import image.tar --name alpine:latest',
  );
  expect((await rejectionOf(store.find('/nowhere/at/all'))).code).toBe('ERR_IMAGE_NOT_FOUND');
  for (const name of ['', 'A', 'a b', '-a', 'a:', 'a@sha256:1', '../nowhere/at/all'])
    expect(['ERR_USAGE', 'ERR_IMAGE_NOT_FOUND']).toContain((await rejectionOf(store.find(name))).code);
});

it('finds images by path without naming them, and uses a root directory where it lies', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  const layout = writeLayout(place.path('layout'), ONE);
  const archive = writeArchive(place.path('x.tar'), dockerFiles(TWO, ['two:1']));
  const image = await store.find(layout);
  expect(image.reference).toBe(layout);
  expect(treeOf(await store.unpack(image))).toEqual({ a: '1', b: '1' });
  expect((await store.find(image.digest)).digest).toBe(image.digest);
  const first = await store.find(archive);
  expect(await store.list()).toEqual([]);
  // Not read again while it is the same file; and then it is.
  const phases: string[] = [];
  const onProgress = ({ phase }: { phase: string }) => phases.push(phase);
  expect(await store.find(archive, { onProgress })).toEqual(first);
  expect(phases).toEqual([]);
  writeArchive(archive, dockerFiles(ONE, ['two:1']));
  utimesSync(archive, 1, 1);
  expect((await store.find(archive, { onProgress })).diffIds).toEqual(image.diffIds);
  expect(phases).toContain('read');
  const root = writeFiles(place.path('root'), { 'bin/sh': 'x' });
  const plain = await store.find(root);
  expect(plain).toMatchObject({ mediaType: ROOT_DIRECTORY_TYPE, reference: root });
  expect(await store.unpack(plain)).toBe(root);
});

it('a name moves to the image that was imported last', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  const one = await store.import(writeLayout(place.path('one'), ONE), { name: 'app' });
  const two = await store.import(writeLayout(place.path('two'), TWO), { name: 'app' });
  expect(two.digest).not.toBe(one.digest);
  expect((await store.find('app')).digest).toBe(two.digest);
  expect((await rejectionOf(store.find(one.digest))).code).toBe('ERR_IMAGE_NOT_FOUND');
});

it('prunes what no name leads to, and nothing else', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  const one = await store.import(writeLayout(place.path('one'), ONE), { name: 'one' });
  const two = await store.import(writeLayout(place.path('two'), TWO), { name: 'two' });
  await store.import(place.path('one'), { name: 'also-one' });
  const roots = [await store.unpack(one), await store.unpack(two)];
  expect(await store.prune()).toEqual({ removed: [], freedBytes: 0 });
  await store.remove('one');
  expect((await rejectionOf(store.remove('one'))).code).toBe('ERR_IMAGE_NOT_FOUND');
  expect((await store.prune()).removed).toEqual([]);
  await store.remove('also-one:latest');
  expect((await store.prune({ keep: [one.digest] })).removed).toEqual([]);
  const before = blobCount(place);
  const { removed, freedBytes } = await store.prune();
  // The lower layer is shared.
  expect(removed).toContain(one.digest);
  expect(removed).toHaveLength(3);
  expect(freedBytes).toBeGreaterThan(0);
  expect(blobCount(place)).toBe(before - 3);
  expect(roots.map((root) => existsSync(root))).toEqual([false, true]);
  expect(treeOf(await store.unpack(await store.find('two')))).toEqual({ a: '1', c: '2' });
  expect(readdirSync(place.path('images/trash'))).toEqual([]);
});

it('spares what was given by path, for a while', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  const image = await store.find(writeLayout(place.path('one'), ONE));
  expect((await store.prune()).removed).toEqual([]);
  await store.unpack(image);
  expect((await store.prune({ all: true })).removed).toContain(image.digest);
  expect(blobCount(place)).toBe(0);
});

it('brings back what a prune that was killed had put aside', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  const image = await store.import(writeLayout(place.path('one'), ONE), { name: 'one' });
  const root = await store.unpack(image);
  for (const prune of ['a', 'b']) mkdirSync(place.path('images/trash', prune), { recursive: true });
  const aside = (from: string, to: string) =>
    renameSync(place.path('images', from), place.path('images/trash', to));
  for (const hex of readdirSync(place.path('images/blobs/sha256')))
    aside(`blobs/sha256/${hex}`, `a/sha256-${hex}`);
  for (const name of readdirSync(place.path('images/roots'))) aside(`roots/${name}`, `b/root-${name}`);
  expect(existsSync(root)).toBe(false);
  expect(await storeAt(place).find('one')).toEqual(image);
  expect(await storeAt(place).unpack(image)).toBe(root);
  expect(treeOf(root)).toEqual({ a: '1', b: '1' });
  await storeAt(place).prune();
  expect(await storeAt(place).find('one')).toEqual(image);
});

it('many import, find, unpack and prune at once', { timeout: 120_000 }, async () => {
  using place = new ImagePlace();
  const archive = writeArchive(place.path('x.tar'), dockerFiles(ONE, ['one:1']));
  const layout = writeLayout(place.path('two'), TWO);
  // Instances share nothing but the directory, as processes do.
  const work = Array.from({ length: 6 }, async (_, index) => {
    const store = storeAt(place);
    const image = await store.import(index % 2 === 0 ? archive : layout, { name: `app-${index}` });
    if (index % 3 === 0) await store.prune();
    return { tree: treeOf(await store.unpack(image)), name: image.reference };
  });
  for (const [index, { tree, name }] of (await Promise.all(work)).entries()) {
    expect(tree).toEqual(index % 2 === 0 ? { a: '1', b: '1' } : { a: '1', c: '2' });
    expect((await storeAt(place).find(name)).reference).toBe(name);
  }
  expect(readdirSync(place.path('images/staging'))).toEqual([]);
  expect(readdirSync(place.path('images/roots'))).toHaveLength(2);
  await storeAt(place).prune();
  // Two layers, a configuration and a manifest each: docker's layers are not packed.
  expect(blobCount(place)).toBe(8);
});

it('an aborted import or unpack leaves nothing', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  const big = { layers: [{ big: 'x'.repeat(3_000_000) }], compression: 'none' } as const;
  const archive = writeArchive(place.path('x.tar'), imageFiles(big, '1'));
  for (const phase of ['read', 'unpack'] as const) {
    const controller = new AbortController();
    const options = {
      signal: controller.signal,
      onProgress: (progress: { phase: string }) => progress.phase === phase && controller.abort(),
    };
    const image = phase === 'read' ? undefined : await store.import(archive);
    const work = image === undefined ? store.import(archive, options) : store.unpack(image, options);
    expect((await rejectionOf(work)).code).toBe('ERR_ABORTED');
    expect(readdirSync(place.path('images/staging'))).toEqual([]);
    if (image === undefined) expect(await store.list()).toEqual([]);
    else expect(await store.unpackReport(image)).toBeUndefined();
  }
  const image = await store.find('x:1');
  // Who waits for another's unpacking does not share its fate.
  const controller = new AbortController();
  let second: Promise<string> | undefined;
  const onProgress = () => {
    second ??= store.unpack(image);
    controller.abort();
  };
  const first = store.unpack(image, { signal: controller.signal, onProgress });
  expect((await rejectionOf(first)).code).toBe('ERR_ABORTED');
  expect(Object.keys(treeOf((await second) ?? ''))).toEqual(['big']);
});

it('cleans up behind processes that are gone, not behind those that live', async () => {
  using place = new ImagePlace();
  const store = storeAt(place);
  await store.prune();
  const space = process.platform === 'linux' ? /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] : '0';
  const gone = spawnSync('true').pid;
  const left = place.path('images/staging', `${space}-${gone}-00`);
  const live = place.path('images/staging', `${space}-${process.ppid}-00`);
  const elsewhere = place.path('images/staging', '1-1-00');
  for (const path of [left, live, elsewhere]) writeFiles(path, { 'd/f': 'x' });
  await storeAt(place).import(writeLayout(place.path('one'), ONE));
  expect([left, live, elsewhere].map((path) => existsSync(path))).toEqual([false, true, true]);
  utimesSync(elsewhere, 1, 1);
  await store.prune();
  expect(existsSync(elsewhere)).toBe(false);
});

it('tells of damaged data', async () => {
  using place = new ImagePlace();
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => warnings.push(text) };
  const store = new ImageStore({ directory: place.path('images'), logger });
  const image = await store.import(writeLayout(place.path('one'), ONE), { name: 'one' });
  await store.import(writeLayout(place.path('two'), TWO), { name: 'two' });
  const manifest = place.path('images/blobs', image.digest.replace(':', '/'));
  const good = readFileSync(manifest);
  writeFileSync(manifest, `${good} `);
  expect((await rejectionOf(store.find('one'))).code).toBe('ERR_IMAGE_DIGEST');
  expect((await store.list()).map(({ reference }) => reference)).toEqual(['two:latest']);
  await store.import(place.path('one'), { name: 'one' });
  expect((await store.find('one')).digest).toBe(image.digest);
  rmSync(manifest);
  const error = await rejectionOf(store.unpack(image));
  expect(error).toMatchObject({ code: 'ERR_IMAGE_INVALID', hint: 'Import the image again.' });
  for (const name of readdirSync(place.path('images/names')))
    writeFileSync(place.path('images/names', name), '{');
  expect(await store.list()).toEqual([]);
  expect(warnings).toHaveLength(2);
  expect((await rejectionOf(store.find('one'))).code).toBe('ERR_IMAGE_INVALID');
});
