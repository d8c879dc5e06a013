/** Tar archives as other programs write them, and as nobody should. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { DEFAULT_IMAGE_LIMITS } from '../../src/oci/limits.js';
import { parsePax } from '../../src/oci/tar/pax.js';
import { readTar, type TarEntry } from '../../src/oci/tar/tar-reader.js';
import { writeRootArchive } from '../../src/oci/tar/tar-writer.js';
import { ImagePlace, inPieces } from '../helpers/image-place.js';
import { layerTar } from '../helpers/oci-image.js';
import { rejectionOf } from '../helpers/thrown.js';

type Read = Omit<TarEntry, 'pieces'> & { readonly content: Buffer };

async function read(tar: Uint8Array, chunk = 4096): Promise<Read[]> {
  const entries: Read[] = [];
  for await (const { pieces, ...entry } of readTar('archive', inPieces(tar, chunk), DEFAULT_IMAGE_LIMITS)) {
    const content = Buffer.alloc(entry.size);
    for await (const { offset, data } of pieces()) content.set(data, offset);
    entries.push({ ...entry, content });
  }
  return entries;
}

const hasGnuTar = spawnSync('tar', ['--version']).stdout?.toString().includes('GNU tar') ?? false;
const DEEP = `${'ü'.repeat(40)}/${'long-'.repeat(30)}/${'é'.repeat(60)}`;

let gnu: Record<string, Buffer> = {};
beforeAll(() => {
  if (!hasGnuTar) return;
  using place = new ImagePlace();
  const root = place.path('root');
  mkdirSync(join(root, DEEP), { recursive: true });
  writeFileSync(join(root, DEEP, 'f'), 'deep');
  execFileSync('ln', ['-s', `/${'t'.repeat(200)}`, join(root, 'link')]);
  const sparse = openSync(join(root, 'sparse'), 'w');
  for (let piece = 0; piece < 40; piece += 1) writeSync(sparse, `piece ${piece}`, piece * 65_536);
  closeSync(sparse);
  truncateSync(join(root, 'sparse'), 3_000_000);
  const kinds = {
    gnu: ['--format=gnu', '-S'],
    'pax 0.0': ['--format=posix', '-S', '--sparse-version=0.0'],
    'pax 0.1': ['--format=posix', '-S', '--sparse-version=0.1'],
    'pax 1.0': ['--format=posix', '-S', '--sparse-version=1.0'],
  };
  gnu = Object.fromEntries(
    Object.entries(kinds).map(([name, options]) => {
      const file = place.path('out.tar');
      execFileSync('tar', [...options, '--mtime=@1000000000.5', '-cf', file, '-C', root, '.']);
      return [name, readFileSync(file)];
    }),
  );
});

it.runIf(hasGnuTar).each(['gnu', 'pax 0.0', 'pax 0.1', 'pax 1.0'])(
  'reads long names and sparse files of GNU tar: %s',
  async (kind) => {
    const tar = gnu[kind] as Buffer;
    // Small enough that every name and map is cut in two somewhere.
    for (const chunk of [tar.length, 512, 331]) {
      const entries = new Map((await read(tar, chunk)).map((entry) => [entry.path, entry]));
      expect(entries.get(`./${DEEP}/f`)?.content.toString()).toBe('deep');
      expect(entries.get('./link')).toMatchObject({ kind: 'symlink', linkPath: `/${'t'.repeat(200)}` });
      const sparse = entries.get('./sparse');
      expect(sparse).toMatchObject({ kind: 'file', size: 3_000_000 });
      const expected = Buffer.alloc(3_000_000);
      for (let piece = 0; piece < 40; piece += 1) expected.write(`piece ${piece}`, piece * 65_536);
      expect(sparse?.content.equals(expected)).toBe(true);
      expect([...entries.keys()].some((path) => path.includes('GNUSparseFile'))).toBe(false);
      if (kind !== 'gnu') expect(sparse?.mtime?.getTime()).toBe(1_000_000_000_500);
    }
    expect(tar.length).toBeLessThan(1_000_000);
  },
);

it('reads extended headers by length, with anything in their values', () => {
  const value = 'a\nb=c 5 ü';
  const record = (key: string, text: string) => {
    const rest = ` ${key}=${text}\n`;
    const length = Buffer.byteLength(rest) + 2;
    return `${length}${rest}`;
  };
  const text = record('path', value) + record('mtime', '12345');
  expect(parsePax(Buffer.from(text))).toEqual([
    ['path', value],
    ['mtime', '12345'],
  ]);
  for (const bad of ['5 a=b\n', '99 a=b\n', '6 a=bx', '0 \n', 'x', '6 =bc\n', '-6 a=b\n', '7 a b c\n'])
    expect(() => parsePax(Buffer.from(bad)), bad).toThrow('no record');
});

it('reads what it wrote', async () => {
  using place = new ImagePlace();
  mkdirSync(place.path(DEEP), { recursive: true });
  writeFileSync(place.path(DEEP, 'f'), 'x'.repeat(1000));
  const parts: Uint8Array[] = [];
  for await (const chunk of writeRootArchive(place.directory)) parts.push(chunk);
  const entries = await read(Buffer.concat(parts));
  expect(entries.map(({ kind }) => kind)).toEqual([
    'directory',
    'directory',
    'directory',
    'directory',
    'file',
  ]);
  expect(entries.at(-1)).toMatchObject({ path: `${DEEP}/f`, size: 1000 });
  expect(entries.at(-1)?.content.toString()).toBe('x'.repeat(1000));
});

it('passes over data that nobody wants, and reads what stands behind the end', async () => {
  const tar = Buffer.concat([layerTar({ a: 'x'.repeat(5000), b: 'y' }), Buffer.alloc(9000, 1)]);
  let seen = 0;
  const chunks = async function* () {
    for await (const chunk of inPieces(tar, 700)) {
      seen += chunk.length;
      yield chunk;
    }
  };
  const paths: string[] = [];
  for await (const { path } of readTar('archive', chunks(), DEFAULT_IMAGE_LIMITS)) paths.push(path);
  expect(paths).toEqual(['a', 'b']);
  expect(seen).toBe(tar.length);
});

it('refuses an archive that ends early, wherever that is', async () => {
  const tar = layerTar({ ['n'.repeat(150)]: 'content', f: 'x'.repeat(600) });
  const end = tar.length - 1024;
  for (let length = 1; length < end; length += 97) {
    const error = await rejectionOf(read(tar.subarray(0, length)));
    expect(error.code, String(length)).toBe('ERR_IMAGE_INVALID');
  }
  // Some programs leave the two empty blocks out.
  expect(await read(tar.subarray(0, end))).toHaveLength(2);
});

it('refuses a header whose sum is wrong', async () => {
  const tar = layerTar({ a: '1' });
  tar.write('b', 0);
  expect((await rejectionOf(read(tar))).message).toContain('not a tar archive');
});

it('refuses an archive that is nothing but headers', async () => {
  const long = layerTar({ ['n'.repeat(150)]: '' });
  const header = long.subarray(0, 1024);
  const tar = Buffer.concat(Array.from({ length: 100 }, () => header));
  expect((await rejectionOf(read(tar))).message).toContain('too many headers');
});

it('fuzzed archives are read, or refused as damaged', { timeout: 120_000 }, async () => {
  const seeds = [
    layerTar({ ['n'.repeat(150)]: 'content', 'd/': {}, l: { target: 'x' } }),
    ...Object.values(gnu),
  ].map((tar) => tar.subarray(0, 16_384));
  const change = fc.tuple(fc.nat(16_383), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(seeds.length - 1),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      fc.nat(16_384),
      async (index, changes, repairs, length) => {
        const tar = Buffer.from(seeds[index] as Buffer);
        for (const [at, value] of changes) if (at < tar.length) tar[at] = value;
        if (repairs) repairSums(tar);
        const whole = tar.subarray(0, Math.max(length, 512));
        await readAll(whole).catch((error: unknown) => {
          if (!isLaunchportError(error, 'ERR_IMAGE_INVALID', 'ERR_IMAGE_LIMIT')) throw error;
        });
      },
    ),
    { numRuns: 300 },
  );
});

async function readAll(tar: Uint8Array): Promise<void> {
  for await (const entry of readTar('archive', inPieces(tar), DEFAULT_IMAGE_LIMITS)) {
    let end = 0;
    for await (const { offset, data } of entry.pieces()) {
      if (offset < end) throw new Error('a piece before its turn');
      end = offset + data.length;
    }
    if (end > entry.size) throw new Error('more data than there is file');
  }
}

/** So that changed headers are looked at. */
function repairSums(tar: Buffer): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    if (tar.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    tar.fill(' ', at + 148, at + 156);
    const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
}
