/** Private copies of roots. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copyRoot } from '../../src/oci/index.js';
import { ImagePlace, IS_ROOT, treeOf } from '../helpers/image-place.js';
import { rejectionOf } from '../helpers/thrown.js';

const OLD = new Date('2001-02-03T04:05:06Z');

function makeRoot(root: string): void {
  mkdirSync(join(root, 'd/empty'), { recursive: true });
  for (let index = 0; index < 30; index += 1) writeFileSync(join(root, `d/f${index}`), `content ${index}`);
  linkSync(join(root, 'd/f0'), join(root, 'd/hard'));
  linkSync(join(root, 'd/f0'), join(root, 'hard'));
  symlinkSync('/etc/passwd', join(root, 'absolute'));
  symlinkSync('../../..', join(root, 'd/up'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  if (IS_ROOT) chownSync(join(root, 'd/f1'), 1234, 4321);
  chmodSync(join(root, 'd/f1'), 0o4711);
  chmodSync(join(root, 'd'), 0o1777);
  lutimesSync(join(root, 'absolute'), OLD, OLD);
  utimesSync(join(root, 'd/f1'), OLD, OLD);
  utimesSync(join(root, 'd'), OLD, OLD);
  utimesSync(root, OLD, OLD);
}

it('copies files, links, modes, owners and times, and makes no special files', async () => {
  using place = new ImagePlace();
  const [from, to] = [place.path('from'), place.path('to')];
  makeRoot(from);
  const bytes: number[] = [];
  await copyRoot(from, to, { onProgress: ({ completedBytes }) => bytes.push(completedBytes) });
  const { fifo, ...tree } = treeOf(from);
  expect(fifo).toBe('special');
  expect(treeOf(to)).toEqual(tree);
  for (const path of ['', ...Object.keys(tree)]) {
    const [a, b] = [lstatSync(join(from, path)), lstatSync(join(to, path))];
    expect([b.mode, b.uid, b.gid, b.nlink], path).toEqual([a.mode, a.uid, a.gid, a.nlink]);
    expect(Math.abs(b.mtimeMs - a.mtimeMs), path).toBeLessThan(0.01);
  }
  expect(statSync(join(to, 'hard')).ino).toBe(statSync(join(to, 'd/f0')).ino);
  expect(statSync(join(to, 'hard')).ino).not.toBe(statSync(join(from, 'hard')).ino);
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
});

it('a copy is private', async () => {
  using place = new ImagePlace();
  makeRoot(place.path('from'));
  await copyRoot(place.path('from'), place.path('to'));
  writeFileSync(place.path('to/d/f2'), 'changed');
  expect(treeOf(place.path('from'))['d/f2']).toBe('content 2');
});

it('leaves nothing when it is aborted, and does not write over what is there', async () => {
  using place = new ImagePlace();
  makeRoot(place.path('from'));
  const controller = new AbortController();
  const options = { signal: controller.signal, onProgress: () => controller.abort() };
  expect((await rejectionOf(copyRoot(place.path('from'), place.path('to'), options))).code).toBe(
    'ERR_ABORTED',
  );
  expect(readdirSync(place.directory)).toEqual(['from']);
  mkdirSync(place.path('to'));
  await expect(copyRoot(place.path('from'), place.path('to'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(copyRoot(place.path('gone'), place.path('other'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(readdirSync(place.directory).sort()).toEqual(['from', 'to']);
});
