/** Files into a container and out of it, by the paths of clients. */
import { lstat, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { errorText } from '../../base/index.js';
import { routeError } from '../../sdk/index.js';
import { copyTree } from './root/copy-tree.js';
import { openPlace, type Place } from './root/inside.js';

/** One copy. Paths are absolute. */
export interface Copy {
  readonly sourcePath: string;
  readonly destinationPath: string;
  readonly createParents?: boolean | undefined;
  /** Of a single file; 0 and undefined for its own. */
  readonly fileMode?: number | undefined;
  readonly signal?: AbortSignal;
}

/** Mode of directories that are made on the way. */
const PARENT_MODE = 0o755;

/**
 * Copies from the host into a root. A destination that is a directory, or ends with a slash, gets the file inside it.
 * @throws LaunchportError `notFound`, `invalidArgument`, `invalidState` with the reason
 */
export function copyIn(root: string, copy: Copy): Promise<void> {
  return explained(copy, async () => {
    const { sourcePath, destinationPath, fileMode, signal } = copy;
    await using from = await openPlace('/', sourcePath, { followLast: true });
    const isDirectory = (await lstat(from.at())).isDirectory();
    const wanted = await insideDirectory(root, destinationPath, basename(sourcePath), isDirectory);
    await using to = await openPlace(root, wanted, { followLast: true, ...making(copy) });
    // What a client brings belongs to the container's own root, not to whoever has that number on the host.
    const owner = { uid: 0, gid: 0 };
    await copyTree(from, to, {
      owner,
      ...(signal === undefined ? {} : { signal }),
      ...(fileMode === undefined || fileMode === 0 ? {} : { fileMode: fileMode & 0o777 }),
    });
  });
}

/**
 * Copies from a root to the host, to exactly the destination.
 * @throws LaunchportError as {@link copyIn}
 */
export function copyOut(root: string, copy: Copy): Promise<void> {
  return explained(copy, async () => {
    const { sourcePath, destinationPath, createParents, signal } = copy;
    await using from = await openPlace(root, sourcePath, { followLast: true });
    const parent = dirname(destinationPath);
    if (createParents === true) await mkdir(parent, { recursive: true });
    await using to = await openPlace(parent, basename(destinationPath), { followLast: false });
    await copyTree(from, to, signal === undefined ? {} : { signal });
  });
}

/** Where in the container it goes: `path`, or in there under its own name. */
async function insideDirectory(
  root: string,
  path: string,
  name: string,
  isDirectory: boolean,
): Promise<string> {
  if (path.endsWith('/')) return join(path, name);
  if (isDirectory) return path;
  const found = await openPlace(root, path, { followLast: true }).then(
    async (place: Place) => {
      await using opened = place;
      return await stat(opened.at()).catch(() => undefined);
    },
    () => undefined,
  );
  return found?.isDirectory() === true ? join(path, name) : path;
}

function making({ createParents }: Copy): { readonly makeDirectory?: (path: string) => Promise<void> } {
  return createParents === true ? { makeDirectory: (path) => mkdir(path, { mode: PARENT_MODE }) } : {};
}

async function explained(copy: Copy, work: () => Promise<void>): Promise<void> {
  for (const path of [copy.sourcePath, copy.destinationPath]) {
    if (!isAbsolute(path)) throw routeError('invalidArgument', `not an absolute path: ${path}`);
  }
  try {
    await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const text = `cannot copy ${copy.sourcePath} to ${copy.destinationPath}: ${errorText(error)}`;
    if (code === 'ENOENT') throw routeError('notFound', text);
    if (code === 'EROFS' || code === 'ENOSPC') throw routeError('invalidState', text);
    throw routeError('invalidArgument', text);
  }
}
