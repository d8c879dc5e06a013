import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { hostPlatform, type ImageLimits, ImageStore } from '../../src/oci/index.js';
import { ImagePlace } from '../helpers/image-place.js';
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
  sha256,
  writeArchive,
  writeFiles,
} from '../helpers/oci-image.js';
import { rejectionOf } from '../helpers/thrown.js';

const PARTS = {
  layers: [
    { 'bin/sh': { content: 'sh', mode: 0o755 }, old: '1' },
    { '.wh.old': '', new: '2' },
  ],
  config: { Cmd: ['sh'], Env: ['A=b'], ExposedPorts: { '80/tcp': {} }, Labels: null, User: 'u' },
};
const INDEX = 'application/vnd.oci.image.index.v1+json';

function storeAt(place: ImagePlace, limits: Partial<ImageLimits> = {}): ImageStore {
  return new ImageStore({ directory: place.path('images'), limits });
}

/** Nothing counts, and nothing half done is left. */
async function expectNothing(place: ImagePlace): Promise<void> {
  expect(await storeAt(place).list()).toEqual([]);
  expect(readdirSync(place.path('images', 'staging'))).toEqual([]);
}

describe('refusals', () => {
  const files = imageFiles(PARTS, 'v1');
  const blobs = imageBlobs(PARTS);
  const pathOf = (digest = '') => `blobs/${digest.replace(':', '/')}`;

  it.each(
    blobs.map((content, index) => [['layer', 'layer', 'configuration', 'manifest'][index], content] as const),
  )('a changed, longer, shorter or missing %s', async (_, { digest, data }) => {
    const changed = Buffer.from(data);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    for (const wrong of [changed, Buffer.concat([data, Buffer.from(' ')]), data.subarray(0, -1), undefined]) {
      for (const form of ['layout', 'archive.tar']) {
        using place = new ImagePlace();
        const { [pathOf(digest)]: _gone, ...rest } = files;
        const all = wrong === undefined ? rest : { ...files, [pathOf(digest)]: wrong };
        const path = place.path(form);
        form === 'layout' ? writeFiles(path, all) : writeArchive(path, all);
        const error = await rejectionOf(storeAt(place).import(path));
        expect(error.code).toBe(wrong === undefined ? 'ERR_IMAGE_INVALID' : 'ERR_IMAGE_DIGEST');
        await expectNothing(place);
      }
    }
  });

  const manifest = JSON.parse(manifestOf(blobs).data.toString()) as Record<string, unknown>;
  it.each<[string, object]>([
    ['that is an index as well', { ...manifest, manifests: [] }],
    ['of another type than it is said to be', { ...manifest, mediaType: INDEX }],
    ['of another schema', { ...manifest, schemaVersion: 1 }],
    ['without a configuration', { ...manifest, config: undefined }],
    [
      'of an artifact',
      { ...manifest, config: { ...(manifest.config as object), mediaType: 'application/x' } },
    ],
    [
      'with layers of no known type',
      {
        ...manifest,
        layers: (manifest.layers as object[]).map((layer) => ({ ...layer, mediaType: 'application/x' })),
      },
    ],
    ['with fewer layers than diff_ids', { ...manifest, layers: (manifest.layers as object[]).slice(1) }],
    [
      'with a digest that is a path',
      { ...manifest, layers: [{ mediaType: 'x', digest: 'sha256:../../x', size: 1 }] },
    ],
    ['with a negative size', { ...manifest, layers: [{ ...(manifest.layers as object[])[0], size: -1 }] }],
  ])('a manifest %s', async (_, wrong) => {
    using place = new ImagePlace();
    const made = blob('application/vnd.oci.image.manifest.v1+json', wrong);
    const all = layoutFiles([...blobs, made], [{ ...descriptor(made), platform: hostPlatform() }]);
    const error = await rejectionOf(storeAt(place).import(writeFiles(place.path('x'), all)));
    expect(error.code).toBe('ERR_IMAGE_INVALID');
    await expectNothing(place);
  });

  it.each<[string, (place: ImagePlace) => string, string]>([
    ['nothing', (place) => place.path('gone'), 'ERR_IMAGE_NOT_FOUND'],
    [
      'a layout without its mark',
      (place) => {
        writeFiles(place.path('x'), files);
        rmSync(place.path('x/oci-layout'));
        return place.path('x');
      },
      'ERR_IMAGE_INVALID',
    ],
    [
      'a layout of another version',
      (place) => writeFiles(place.path('x'), { ...files, 'oci-layout': '{"imageLayoutVersion":"2.0.0"}' }),
      'ERR_IMAGE_INVALID',
    ],
    [
      'an index that is no JSON',
      (place) => writeFiles(place.path('x'), { ...files, 'index.json': '{' }),
      'ERR_IMAGE_INVALID',
    ],
    ['an empty index', (place) => writeFiles(place.path('x'), layoutFiles([], [])), 'ERR_IMAGE_INVALID'],
    [
      'an archive of something else',
      (place) => writeArchive(place.path('x.tar'), { f: Buffer.from('1') }),
      'ERR_IMAGE_INVALID',
    ],
    [
      'text',
      (place) => {
        writeFileSync(place.path('x.tar'), 'hello '.repeat(500));
        return place.path('x.tar');
      },
      'ERR_IMAGE_INVALID',
    ],
    [
      'an archive that ends early',
      (place) => {
        const path = writeArchive(place.path('x.tar'), files);
        writeFileSync(path, readFileSync(path).subarray(0, 2000));
        return path;
      },
      'ERR_IMAGE_INVALID',
    ],
    [
      'a packed archive that ends early',
      (place) => {
        const path = writeArchive(place.path('x.tar.gz'), files);
        writeFileSync(path, readFileSync(path).subarray(0, -20));
        return path;
      },
      'ERR_IMAGE_INVALID',
    ],
    [
      'an archive packed twice',
      (place) => {
        const path = writeArchive(place.path('x.tar.gz'), files);
        writeFileSync(path, gzipSync(readFileSync(path)));
        return path;
      },
      'ERR_IMAGE_INVALID',
    ],
  ])('%s', async (_, make, code) => {
    using place = new ImagePlace();
    expect((await rejectionOf(storeAt(place).import(make(place)))).code).toBe(code);
    await expectNothing(place);
  });

  it('a layer that is not what its diff_id says, at the latest when it is unpacked', async () => {
    using place = new ImagePlace();
    const [layer, , config] = blobs as [Blob, Blob, Blob];
    const lie = JSON.parse(config.data.toString());
    lie.rootfs.diff_ids = [sha256(Buffer.from('x'))];
    const other = blob(config.mediaType, lie);
    const made = blob('application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      config: descriptor(other),
      layers: [descriptor(layer)],
    });
    const all = layoutFiles([layer, other, made], [descriptor(made)]);
    const store = storeAt(place);
    const image = await store.import(writeFiles(place.path('x'), all));
    expect((await rejectionOf(store.unpack(image))).code).toBe('ERR_IMAGE_DIGEST');
    expect(readdirSync(place.path('images', 'staging'))).toEqual([]);
    expect(await store.unpackReport(image)).toBeUndefined();
  });

  it('a layout or archive whose names lead out of it', async () => {
    using place = new ImagePlace();
    writeFileSync(place.path('secret'), layerTar({ secret: '1' }));
    const docker = dockerFiles({ layers: [{ a: '1' }] }, ['x:1']);
    const manifest = JSON.parse(String(docker['manifest.json']));
    for (const [name, layer] of [
      ['up', '../secret'],
      ['link', '0/link'],
      ['absolute', place.path('secret')],
    ] as const) {
      const made = [{ ...manifest[0], Layers: [layer] }];
      const path = writeFiles(place.path(name), { ...docker, 'manifest.json': JSON.stringify(made) });
      symlinkSync('../../secret', join(path, '0/link'));
      expect((await rejectionOf(storeAt(place).import(path))).code, name).toBe('ERR_IMAGE_INVALID');
    }
  });

  it('a root directory with a name that would be a whiteout', async () => {
    using place = new ImagePlace();
    mkdirSync(place.path('root'));
    writeFileSync(place.path('root/.wh.x'), '');
    expect((await rejectionOf(storeAt(place).import(place.path('root')))).code).toBe('ERR_IMAGE_INVALID');
    renameSync(place.path('root/.wh.x'), place.path('root/x'));
    await storeAt(place).import(place.path('root'));
  });

  it('zstd where Node has none, by name', async () => {
    using place = new ImagePlace();
    const parts = imageBlobs({ ...PARTS, compression: 'none' });
    const [first] = parts as [Blob];
    const packed = { ...first, mediaType: `${first.mediaType}+zstd` };
    const manifest = JSON.parse(manifestOf(parts).data.toString());
    manifest.layers[0].mediaType = packed.mediaType;
    const made = blob('application/vnd.oci.image.manifest.v1+json', manifest);
    const path = writeFiles(place.path('x'), layoutFiles([...parts, made], [descriptor(made)]));
    const store = storeAt(place);
    const error = await rejectionOf(store.import(path).then((image) => store.unpack(image)));
    expect(['ERR_UNSUPPORTED', 'ERR_IMAGE_INVALID']).toContain(error.code);
    if (error.code === 'ERR_UNSUPPORTED') expect(error.hint).toContain('22.15');
  });
});

it('fuzzed archives are imported, or refused and leave nothing', { timeout: 120_000 }, async () => {
  const seeds = [layerTar(contents(imageFiles(PARTS))), layerTar(contents(dockerFiles(PARTS, ['x:1'])))];
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.nat(1), fc.array(change, { minLength: 1, maxLength: 5 }), async (index, changes) => {
      using place = new ImagePlace();
      const tar = Buffer.from(seeds[index] as Buffer);
      for (const [where, value] of changes) tar[Math.floor(where * (tar.length - 1))] = value;
      writeFileSync(place.path('x.tar'), tar);
      const store = storeAt(place);
      try {
        await store.unpack(await store.import(place.path('x.tar'), { name: 'x' }));
      } catch (error) {
        if (!isLaunchportError(error)) throw error;
        expect(error.kind, error.message).not.toBe('internal');
      }
      expect(readdirSync(place.path('images', 'staging'))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

function contents(files: Record<string, Buffer>) {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, { content }]));
}
