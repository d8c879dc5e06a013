/** Paths of a sandbox, found in its root directory from outside: no link of the root leads out of it. */
import { lstat, mkdir, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LaunchportError } from '../../../../base/index.js';

/** As many as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;

/** Where a path of the sandbox really is in the root, and what is there. */
export interface RootPath {
  /** Without links and dots; begins with a slash. */
  readonly path: string;
  readonly kind: 'directory' | 'file' | 'missing';
}

/**
 * Follows the links of `path` as a process in the root would. What is missing at the end is taken as it is written.
 * @throws LaunchportError ERR_SANDBOX for a loop of links
 */
export async function resolveInRoot(root: string, path: string): Promise<RootPath> {
  const pending = path.split('/').reverse();
  let at: string[] = [];
  let kind: RootPath['kind'] = 'directory';
  let links = 0;
  while (pending.length > 0) {
    const part = pending.pop() as string;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at.pop();
      kind = 'directory';
      continue;
    }
    at.push(part);
    if (kind === 'missing') continue;
    const here = join(root, ...at);
    const status = await lstat(here).catch(() => undefined);
    if (status === undefined) kind = 'missing';
    else if (!status.isSymbolicLink()) kind = status.isDirectory() ? 'directory' : 'file';
    else {
      links += 1;
      if (links > MAX_LINKS) {
        throw new LaunchportError('ERR_SANDBOX', `too many symbolic links in ${path} of ${root}`);
      }
      const target = await readlink(here);
      at = target.startsWith('/') ? [] : at.slice(0, -1);
      pending.push(...target.split('/').reverse());
    }
  }
  return { path: `/${at.join('/')}`, kind };
}

/** Makes an empty directory or file where a resolved path is missing. */
export async function makeInRoot(root: string, path: string, kind: 'directory' | 'file'): Promise<void> {
  const here = join(root, path);
  await mkdir(kind === 'directory' ? here : dirname(here), { recursive: true });
  if (kind === 'file') await writeFile(here, '', { flag: 'a', mode: 0o644 });
}

/** Whether `path` is `parent` or below it. */
export function isWithin(path: string, parent: string): boolean {
  return parent === '/' || path === parent || path.startsWith(`${parent}/`);
}
