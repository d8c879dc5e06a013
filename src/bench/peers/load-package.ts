/** Loads packages of a folder that are no dependencies of ours. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The module of a peer's folder that imports from there. `installPeers` writes it. */
export const LOADER = 'load.mjs';
export const LOADER_SOURCE = 'export const load = (name) => import(name);\n';

/** The exports of package `name` as the peer in `folder` has it; for a CommonJS package, `module.exports`. */
export async function loadPackage<T>(folder: string, name: string): Promise<T> {
  const { load } = (await import(pathToFileURL(join(folder, LOADER)).href)) as {
    load(name: string): Promise<Record<string, unknown>>;
  };
  const exports = await load(name);
  return (exports.default ?? exports) as T;
}
