/** Makes plugin bundles and roots in a temporary directory. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Plugin, ServiceType } from '../../src/plugin/index.js';

/** The example plugins of the repository. */
export const FIXTURES = resolve(import.meta.dirname, '../../fixtures/plugins');

export const CLI_TOML = 'abstract = "a command"\n';

/** A `config.toml` of a daemon with one core service. */
export const DAEMON_TOML = `abstract = "a daemon"
[servicesConfig]
loadAtBoot = true
runAtLoad = false
defaultArguments = []
services = [{ type = "core" }]
`;

/** A fresh directory per test, removed after it. Call at the top of a describe. */
export function useDirectory(): () => string {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lp-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  return () => directory;
}

export interface BundleParts {
  /** File name to content; default a good `config.toml` of a CLI plugin. */
  readonly files?: Readonly<Record<string, string>>;
  /** `false` leaves the executable out. */
  readonly binary?: boolean;
  readonly mode?: number;
  readonly resources?: boolean;
}

/** Writes a Unix-like bundle `directory/name` and returns its path. */
export function makeBundle(directory: string, name: string, parts: BundleParts = {}): string {
  const path = join(directory, name);
  writeParts(path, join(path, 'bin', name), parts);
  return path;
}

/** Writes an application bundle `directory/fileName` whose executable is `binaryName`. */
export function makeApp(
  directory: string,
  fileName: string,
  binaryName: string,
  parts: BundleParts = {},
): string {
  const path = join(directory, fileName);
  writeParts(join(path, 'Contents/Resources'), join(path, 'Contents/MacOS', binaryName), parts);
  return path;
}

function writeParts(configDirectory: string, binary: string, parts: BundleParts): void {
  mkdirSync(configDirectory, { recursive: true });
  for (const [name, content] of Object.entries(parts.files ?? { 'config.toml': CLI_TOML })) {
    writeFileSync(join(configDirectory, name), content);
  }
  if (parts.resources) mkdirSync(join(configDirectory, 'resources'));
  if (parts.binary === false) return;
  mkdirSync(join(binary, '..'), { recursive: true });
  writeFileSync(binary, '#!/bin/sh\nexit 0\n', { mode: parts.mode ?? 0o755 });
}

/** A plugin that is on no disk. */
export function pluginOf(
  name: string,
  types: readonly ServiceType[] | undefined,
  more: Partial<Plugin> & {
    readonly defaultArguments?: readonly string[];
    readonly runAtLoad?: boolean;
  } = {},
): Plugin {
  const { defaultArguments = [], runAtLoad = false, ...rest } = more;
  const services = types?.map((type) => ({ type }));
  return {
    name,
    config: {
      abstract: '',
      ...(services && { servicesConfig: { loadAtBoot: false, runAtLoad, defaultArguments, services } }),
    },
    format: 'config.toml',
    layout: 'directory',
    bundlePath: `/plugins/${name}`,
    configPath: `/plugins/${name}/config.toml`,
    binaryPath: `/plugins/${name}/bin/${name}`,
    ...rest,
  };
}

/** Every path below `path`, with the content of files; empty when it does not exist. */
export function snapshot(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  return Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((each) => [each, statSync(each).isDirectory() ? 'directory' : readFileSync(each, 'utf8')]),
  );
}
