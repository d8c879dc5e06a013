/** Where this package is, and what it is: no other module has to know where it lies itself. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

let root: string | undefined;

/** The directory of this package's package.json, absolute. The same for compiled modules and for sources. */
export function packageRoot(): string {
  root ??= above(import.meta.dirname);
  return root;
}

/** What package.json says of this package. */
export function packageManifest(): PackageManifest {
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as PackageManifest;
}

/** The parts of package.json that programs ask for. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  /** Such as `>=20.17`. */
  readonly engines: { readonly node: string };
}

/** The directory of the modules that run: `dist`, or `src` where the sources run themselves. */
export function moduleRoot(): string {
  return join(packageRoot(), relative(packageRoot(), import.meta.dirname).split(sep)[0] as string);
}

/** The path of a module that is a program or entry of its own, such as `cli/main.js`, as built. */
export function builtModule(path: string): string {
  return join(packageRoot(), 'dist', path);
}

function above(directory: string): string {
  const parent = dirname(directory);
  return existsSync(join(directory, 'package.json')) || parent === directory ? directory : above(parent);
}
