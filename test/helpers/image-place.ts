/** A temporary directory for tests of images, with something beside the root that nobody may touch. */
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LayerUnpacker, type UnpackPolicy } from '../../src/oci/layer/layer-unpacker.js';
import type { UnpackReport } from '../../src/oci/layer/unpack-report.js';
import { DEFAULT_IMAGE_LIMITS } from '../../src/oci/limits.js';
import { readTar } from '../../src/oci/tar/tar-reader.js';

export const IS_ROOT = process.getuid?.() === 0;

export class ImagePlace implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'lp-oci-'));

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Makes `root` and unpacks layers into it. */
export async function unpackTars(
  root: string,
  layers: readonly Uint8Array[],
  policy: Partial<UnpackPolicy> = {},
): Promise<UnpackReport> {
  mkdirSync(root, { recursive: true });
  const whole = { limits: DEFAULT_IMAGE_LIMITS, ownership: IS_ROOT, setuid: false, ...policy };
  const unpacker = new LayerUnpacker(root, whole);
  for (const tar of layers) await unpacker.layer(readTar('layer', inPieces(tar), whole.limits));
  return unpacker.finish();
}

/** Bytes in chunks of `size`. */
export async function* inPieces(data: Uint8Array, size = 4096): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** What is below a directory: `dir`, `-> target` or the content of files, by path. */
export function treeOf(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  const visit = (place: string) => {
    for (const name of readdirSync(join(directory, place)).sort()) {
      const path = place === '' ? name : `${place}/${name}`;
      const status = lstatSync(join(directory, path));
      if (status.isSymbolicLink()) tree[path] = `-> ${readlinkSync(join(directory, path))}`;
      else if (status.isDirectory()) {
        tree[path] = 'dir';
        visit(path);
      } else tree[path] = status.isFile() ? readFileSync(join(directory, path), 'utf8') : 'special';
    }
  };
  visit('');
  return tree;
}

/**
 * Puts a tree at `path`, and returns a check that nothing in it has changed: names, types, contents, modes, owners,
 * numbers of links and times.
 */
export function guarded(path: string): () => string {
  mkdirSync(join(path, 'etc', 'sub'), { recursive: true });
  writeFileSync(join(path, 'etc', 'passwd'), 'secret');
  writeFileSync(join(path, 'etc', 'sub', 'x'), 'secret');
  return () => fingerprint(path);
}

function fingerprint(path: string): string {
  const hash = createHash('sha256');
  const visit = (at: string) => {
    const status = lstatSync(at);
    const { mode, uid, gid, nlink, mtimeMs, ctimeMs } = status;
    hash.update(JSON.stringify([at, mode, uid, gid, nlink, mtimeMs, ctimeMs]));
    if (status.isFile()) hash.update(readFileSync(at));
    if (status.isDirectory()) for (const name of readdirSync(at).sort()) visit(join(at, name));
  };
  visit(path);
  return hash.digest('hex');
}
