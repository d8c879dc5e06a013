/** Where this package is: modules are bundled, so none can tell from its own place where another file lies. */
import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

let root: string | undefined;

/** The directory of this package's package.json, absolute. The same for compiled modules and for sources. */
export function packageRoot(): string {
  root ??= above(import.meta.dirname);
  return root;
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
