/** Finds and loads the addon. Nothing is loaded before `loadBinding` is called. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { errorText, LaunchportError, packageRoot } from '../base/index.js';
import type { Binding } from './binding.js';
import { BINDING_VERSION } from './records.js';

/** Where one build of the addon may be, and why it was not taken. */
export interface LoadAttempt {
  readonly path: string;
  readonly problem: string;
}

/** What became of looking for an addon: the one that was taken, if any, and those before it. */
export interface BindingSearch {
  readonly found?: { readonly path: string; readonly binding: Binding };
  readonly attempts: readonly LoadAttempt[];
}

let loaded: Binding | undefined;

/** The paths that are tried, in order; `LAUNCHPORT_ADDON` alone when it is set. */
export function addonPaths(environment: NodeJS.ProcessEnv = process.env, root = packageRoot()): string[] {
  if (environment.LAUNCHPORT_ADDON) return [resolve(environment.LAUNCHPORT_ADDON)];
  return [
    join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'launchport.node'),
    join(root, 'build', 'Release', 'launchport.node'),
    join(root, 'build', 'Debug', 'launchport.node'),
  ];
}

/**
 * Loads the addon of this system, once per thread: from the path in `LAUNCHPORT_ADDON`, else a prebuilt one of the
 * package, else one built by npm.
 * @throws LaunchportError ERR_ADDON_NOT_FOUND, with every path that was tried and why it was not taken
 */
export function loadBinding(): Binding {
  loaded ??= loadFrom(addonPaths());
  return loaded;
}

/** As {@link loadBinding}, from the given paths, and not remembered. */
export function loadFrom(paths: readonly string[]): Binding {
  const { found, attempts } = searchBinding(paths);
  if (found === undefined) throw notFound(attempts);
  return found.binding;
}

/** Looks for an addon in `paths`, in order. Never throws. */
export function searchBinding(paths: readonly string[]): BindingSearch {
  const require = createRequire(import.meta.url);
  const attempts: LoadAttempt[] = [];
  for (const path of paths) {
    if (!existsSync(path)) {
      attempts.push({ path, problem: 'no such file' });
      continue;
    }
    try {
      const candidate: unknown = require(path);
      if (isBinding(candidate)) return { found: { path, binding: candidate }, attempts };
      attempts.push({ path, problem: `not a binding of version ${BINDING_VERSION}` });
    } catch (error) {
      attempts.push({ path, problem: errorText(error) });
    }
  }
  return { attempts };
}

function isBinding(candidate: unknown): candidate is Binding {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'version' in candidate &&
    candidate.version === BINDING_VERSION &&
    'open' in candidate &&
    typeof candidate.open === 'function'
  );
}

function notFound(attempts: readonly LoadAttempt[]): LaunchportError {
  const isSupported = process.platform === 'darwin' || process.platform === 'linux';
  const tried = attempts.map(({ path, problem }) => `\n  ${path}: ${problem}`).join('');
  return new LaunchportError(
    'ERR_ADDON_NOT_FOUND',
    `no addon of launchport could be loaded for ${process.platform}-${process.arch}${tried}`,
    {
      hint: isSupported
        ? 'Run `npm rebuild launchport` with a C++20 compiler and Python 3 installed, or set LAUNCHPORT_ADDON to a built addon.'
        : 'XPC messaging needs macOS or Linux; the launchd and plugin layers work without the addon.',
      details: { platform: process.platform, arch: process.arch, attempts },
    },
  );
}
