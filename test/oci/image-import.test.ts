/** What can be imported, and what is chosen from it. */
import { createHash } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hostPlatform, type ImageLimits, ImageStore } from '../../src/oci/index.js';
import { ImagePlace, treeOf } from '../helpers/image-place.js';
import {
  type Blob,
  blob,
  descriptor,
  dockerFiles,
  imageBlobs,
  imageFiles,
  layerTar,
  layoutFiles,
  manifestOf,
  writeArchive,
  writeFiles,
  writeLayout,
} from '../helpers/oci-image.js';
import { rejectionOf } from '../helpers/thrown.js';

const PARTS = {
  layers: [
    { 'bin/sh': { content: 'sh', mode: 0o755 }, old: '1' },
    { '.wh.old': '', new: '2' },
  ],
  config: { Cmd: ['sh'], Env: ['A=b'], ExposedPorts: { '80/tcp': {} }, Labels: null, User: 'u' },
};
const TREE = { bin: 'dir', 'bin/sh': 'sh', new: '2' };
const INDEX = 'application/vnd.oci.image.index.v1+json';
const OTHER = { os: 'linux', architecture: 'riscv64' };

function storeAt(place: ImagePlace, limits: Partial<ImageLimits> = {}): ImageStore {
  return new ImageStore({ directory: place.path('images'), limits });
}

describe('every form of an image', () => {
  it.each<[string, (place: ImagePlace) => string, string]>([
    ['a layout', (place) => writeLayout(place.path('app'), PARTS, '1.0'), 'app:1.0'],
    ['a layout without names', (place) => writeLayout(place.path('app'), PARTS), 'app:latest'],
    [
      'a layout with a whole name',
      (place) => writeLayout(place.path('x'), PARTS, 'docker.io/library/app:2'),
      'app:2',
    ],
    ['an archive', (place) => writeArchive(place.path('app.tar'), imageFiles(PARTS, 'v1')), 'app:v1'],
    ['a packed archive', (place) => writeArchive(place.path('app.tar.gz'), imageFiles(PARTS)), 'app:latest'],
    [
      'what docker saved',
      (place) => writeArchive(place.path('x.tar'), dockerFiles(PARTS, ['app:3'])),
      'app:3',
    ],
    [
      'what docker saved, unpacked',
      (place) => writeFiles(place.path('x'), dockerFiles(PARTS, ['ghcr.io/a/app:3'])),
      'ghcr.io/a/app:3',
    ],
  ])('%s', async (_, make, name) => {
    using place = new ImagePlace();
    const store = storeAt(place);
    const image = await store.import(make(place));
    expect(image).toMatchObject({ reference: name, platform: hostPlatform() });
    expect(image.config).toMatchObject({ Cmd: ['sh'], Env: ['A=b'], ExposedPorts: ['80/tcp'], Labels: {} });
    expect(await store.find(name)).toEqual(image);
    expect(treeOf(await store.unpack(image))).toEqual(TREE);
    expect((await store.list()).map(({ reference }) => reference)).toEqual([name]);
  });

  it('a root directory', async () => {
    using place = new ImagePlace();
    writeFiles(place.path('root'), { 'bin/sh': 'sh', new: '2' });
    symlinkSync('/etc/passwd', place.path('root/link'));
    const store = storeAt(place);
    const image = await store.import(place.path('root'));
    expect(image.reference).toBe('root:latest');
    expect(treeOf(await store.unpack(image))).toEqual({ ...TREE, link: '-> /etc/passwd' });
    const again = await store.import(place.path('root'), { name: 'again' });
    expect(again.digest).toBe(image.digest);
  });

  it('an archive of docker in which layers are links to others', async () => {
    using place = new ImagePlace();
    const { '1/layer.tar': shared, ...files } = dockerFiles({ layers: [{ a: '1' }, { a: '1' }] }, ['x:1']);
    const contents = Object.entries(files).map(([path, content]) => [path, { content }] as const);
    const tar = layerTar([...contents, ['1/layer.tar', { target: '../0/layer.tar' }]]);
    writeFileSync(place.path('x.tar'), tar);
    expect(shared).toBeDefined();
    expect((await storeAt(place).import(place.path('x.tar'))).diffIds).toHaveLength(2);
  });

  it('sha512 digests are checked as well', async () => {
    using place = new ImagePlace();
    const blobs = imageBlobs(PARTS);
    const manifest = manifestOf(blobs);
    const digest = `sha512:${createHash('sha512').update(manifest.data).digest('hex')}`;
    const files = layoutFiles(
      [...blobs.slice(0, -1), { ...manifest, digest }],
      [{ ...descriptor(manifest), digest }],
    );
    const store = storeAt(place);
    const image = await store.import(writeFiles(place.path('x'), files));
    expect(image.digest).toBe(digest);
    expect(treeOf(await store.unpack(image))).toEqual(TREE);
    const broken = { ...files, [`blobs/${digest.replace(':', '/')}`]: Buffer.from(`${manifest.data} `) };
    const error = await rejectionOf(
      new ImageStore({ directory: place.path('other') }).import(writeFiles(place.path('y'), broken)),
    );
    expect(error.code).toBe('ERR_IMAGE_DIGEST');
  });
});

describe('choosing', () => {
  function index(...blobs: { blob: Blob; platform?: object; name?: string }[]): Blob {
    return blob(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: blobs.map(entryOf) });
  }
  function entryOf({ blob: inner, platform, name }: { blob: Blob; platform?: object; name?: string }) {
    const annotations = name === undefined ? {} : { 'org.opencontainers.image.ref.name': name };
    return { ...descriptor(inner), annotations, ...(platform === undefined ? {} : { platform }) };
  }

  it('follows nested indexes to the manifest for the platform', async () => {
    using place = new ImagePlace();
    const host = imageBlobs(PARTS);
    const other = imageBlobs({ layers: [{ riscv: '1' }], platform: OTHER });
    const attestation = blob('application/vnd.oci.image.manifest.v1+json', { schemaVersion: 2 });
    const inner = index(
      { blob: attestation, platform: { os: 'unknown', architecture: 'unknown' } },
      { blob: manifestOf(other), platform: OTHER },
      { blob: manifestOf(host), platform: { ...hostPlatform() } },
    );
    const outer = index({ blob: inner });
    const files = layoutFiles(
      [...host, ...other, attestation, inner, outer],
      [entryOf({ blob: outer, name: 'v1' })],
    );
    const path = writeFiles(place.path('app'), files);
    const store = storeAt(place);
    expect(await store.import(path)).toMatchObject({ reference: 'app:v1', digest: manifestOf(host).digest });
    const riscv = await store.import(path, { name: 'riscv', platform: OTHER });
    expect(riscv.digest).toBe(manifestOf(other).digest);
    const error = await rejectionOf(store.import(path, { platform: { os: 'plan9', architecture: 'mips' } }));
    expect(error).toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' });
    expect(error.message).toContain(`only for linux/riscv64, linux/${hostPlatform().architecture}`);
  });

  it('asks which of several images is meant', async () => {
    using place = new ImagePlace();
    const a = imageBlobs({ layers: [{ a: '' }] });
    const b = imageBlobs({ layers: [{ b: '' }] });
    const files = layoutFiles(
      [...a, ...b],
      [
        entryOf({ blob: manifestOf(a), name: 'a' }),
        entryOf({ blob: manifestOf(b), name: 'docker.io/library/b:2' }),
      ],
    );
    const path = writeFiles(place.path('two'), files);
    const store = storeAt(place);
    const error = await rejectionOf(store.import(path));
    expect(error).toMatchObject({ code: 'ERR_USAGE', hint: 'Choose one with --select.' });
    expect(error.message).toContain('a, docker.io/library/b:2');
    expect(await store.import(path, { select: 'a' })).toMatchObject({ reference: 'two:a' });
    expect(await store.import(path, { select: 'b:2' })).toMatchObject({ reference: 'b:2' });
    expect((await rejectionOf(store.import(path, { select: 'c' }))).code).toBe('ERR_IMAGE_NOT_FOUND');
  });

  it('bounds nested indexes and documents', async () => {
    using place = new ImagePlace();
    const image = imageBlobs(PARTS);
    const all = [...image];
    let top: { blob: Blob; platform?: object } = { blob: manifestOf(image), platform: hostPlatform() };
    for (let depth = 0; depth < 6; depth += 1) {
      const next = index(top);
      all.push(next);
      top = { blob: next };
    }
    const path = writeFiles(place.path('deep'), layoutFiles(all, [entryOf(top)]));
    expect(await rejectionOf(storeAt(place).import(path))).toMatchObject({
      code: 'ERR_IMAGE_LIMIT',
      details: { limit: 'maxIndexDepth' },
    });
    await storeAt(place, { maxIndexDepth: 6 }).import(path);
    for (const limits of [
      { maxDocuments: 2 },
      { maxDocumentBytes: 50 },
      { maxImageBytes: 10 },
      { maxLayers: 1 },
    ]) {
      const other = new ImageStore({
        directory: place.path('other'),
        limits: { maxIndexDepth: 6, ...limits },
      });
      expect((await rejectionOf(other.import(path))).details.limit).toBe(Object.keys(limits)[0]);
    }
  });
});
