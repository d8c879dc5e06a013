/** `launchport image …`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { ImageStore } from '../../src/oci/index.js';
import { captureContext } from '../helpers/cli-context.js';
import { ImagePlace } from '../helpers/image-place.js';
import { dockerFiles, writeArchive, writeLayout } from '../helpers/oci-image.js';

const PARTS = { layers: [{ a: '1' }], config: { Entrypoint: ['/bin/app'], Cmd: ['--serve'], Env: ['A=b'] } };

async function image(place: ImagePlace, ...args: string[]) {
  const context = captureContext(
    { CONTAINER_APP_ROOT: place.path('app'), HOME: place.path('home') },
    place.directory,
  );
  const status = await run(args[0] === 'complete' ? args : ['image', ...args], context);
  return { status, output: context.output(), errors: context.errors() };
}

it('imports, lists, inspects, removes and prunes', async () => {
  using place = new ImagePlace();
  writeLayout(place.path('app-layout'), PARTS, '1.0');
  writeArchive(place.path('x.tar'), dockerFiles({ layers: [{ b: '2' }] }, ['ghcr.io/o/x:2']));
  const imported = await image(place, 'import', 'app-layout', '--name', 'alpine');
  expect(imported).toMatchObject({ status: 0, errors: '' });
  expect(imported.output).toMatch(/^alpine:latest: imported sha256:[0-9a-f]{64}, linux\/\w+, \d+ B\n$/);
  expect((await image(place, 'import', 'x.tar', '--json')).output).toContain('"reference": "ghcr.io/o/x:2"');
  const list = await image(place, 'list');
  expect(list.output).toMatch(/^NAME +TAG +DIGEST +PLATFORM +CREATED +SIZE\n/);
  expect(list.output).toMatch(/^alpine +latest +sha256:[0-9a-f]{12} +linux\/\w+ +2024-01-02 03:04 +\d+ B$/m);
  expect(list.output).toMatch(/^ghcr\.io\/o\/x +2 +sha256:/m);
  expect((await image(place, 'ls', '-q')).output).toBe('alpine:latest\nghcr.io/o/x:2\n');
  expect(JSON.parse((await image(place, 'list', '--json')).output)).toMatchObject([
    { reference: 'alpine:latest', config: { Cmd: ['--serve'] } },
    { reference: 'ghcr.io/o/x:2' },
  ]);
  const inspected = await image(place, 'inspect', 'alpine');
  expect(inspected.output).toMatch(/^entrypoint +\["\/bin\/app"\]$/m);
  expect(inspected.output).toMatch(/^unpacked +not yet$/m);
  expect(
    JSON.parse((await image(place, 'inspect', '--json', './app-layout', 'alpine')).output),
  ).toMatchObject([{ reference: place.path('app-layout') }, { reference: 'alpine:latest' }]);
  expect(await image(place, 'rm', 'alpine', 'ghcr.io/o/x:2')).toEqual({
    status: 0,
    output: 'alpine: removed\nghcr.io/o/x:2: removed\n',
    errors: '',
  });
  expect((await image(place, 'prune', '--all')).output).toMatch(/^(sha256:\w+\n){6}\d.* freed\n$/);
  expect(JSON.parse((await image(place, 'list', '--json')).output)).toEqual([]);
});

it('reports every image that is not there, and how to import one', async () => {
  using place = new ImagePlace();
  for (const verb of ['inspect', 'rm']) {
    const { status, errors } = await image(place, verb, 'alpine', 'debian');
    expect(status).toBe(4);
    expect(errors).toContain('there is no image debian:latest');
    expect(errors).toContain('there is no image alpine:latest [ERR_IMAGE_NOT_FOUND]');
    expect(errors).toContain('launchport image import image.tar --name alpine:latest');
  }
  expect(await image(place, 'import', 'gone.tar')).toMatchObject({ status: 4 });
  writeFileSync(place.path('text'), 'no image');
  expect(await image(place, 'import', 'text')).toMatchObject({ status: 1 });
  expect(await image(place, 'import', 'text', '--name', 'NO')).toMatchObject({ status: 2 });
  expect(await image(place, 'import', 'text', '--platform', 'x')).toMatchObject({ status: 2 });
});

it('prune spares what the files of a container speak of', async () => {
  using place = new ImagePlace();
  writeLayout(place.path('one'), PARTS);
  await image(place, 'import', 'one');
  const { digest } = await new ImageStore({ directory: place.path('app/images') }).find('one');
  await image(place, 'rm', 'one');
  mkdirSync(place.path('app/containers/c1'), { recursive: true });
  const configuration = place.path('app/containers/c1/runtime-configuration.json');
  for (const text of [
    `{"image":{"descriptor":{"digest":"${digest}"}}}`,
    `/images/roots/${digest.replace(':', '-')}/rootfs`,
  ]) {
    writeFileSync(configuration, text);
    expect(await image(place, 'prune')).toMatchObject({ status: 0, output: '0 B freed\n' });
  }
  writeFileSync(configuration, '{}');
  expect((await image(place, 'prune')).output).toContain(digest);
});

it('completes names', async () => {
  using place = new ImagePlace();
  writeLayout(place.path('one'), PARTS, 'v2');
  await image(place, 'import', 'one');
  await image(place, 'import', 'one', '--name', 'alpine');
  expect((await image(place, 'complete', '--', 'image', 'inspect', '')).output).toBe('alpine\none:v2\n');
  expect((await image(place, 'complete', '--', 'image', 'rm', 'al')).output).toBe('alpine\n');
  expect((await image(place, 'complete', '--', 'image', 'import', '')).output).toBe('');
});
