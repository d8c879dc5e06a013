/** The user's settings for a plugin: the section `[plugin.NAME]` of apple/container's configuration files. */
import { join } from 'node:path';
import { LaunchportError } from '../base/index.js';
import { readTomlFile } from './config-file.js';
import type { Roots } from './roots.js';

/** Variable in which the host forwards them to the plugin, as JSON. */
export const CONFIGURATION_VARIABLE = 'CONTAINER_PLUGIN_CONFIGURATION';

/** Longest JSON that is forwarded, in bytes: half of what Linux takes in one variable (execve(2), MAX_ARG_STRLEN). */
export const MAX_CONFIGURATION_BYTES = 64 * 1024;

/** Settings of one plugin. They may be secret: do not log them. */
export interface PluginSettings {
  /** JSON-safe; dates are text. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The file of each key, as `a.b`; arrays are one key. */
  readonly origins: ReadonlyMap<string, string>;
  /** The files that have a section for the plugin. */
  readonly files: readonly string[];
}

/** The files, the one that wins first: the user's, then that of the installation. */
export function pluginSettingsFiles(roots: Pick<Roots, 'app' | 'install'>): readonly string[] {
  return [join(roots.app, 'config', 'config.toml'), join(roots.install, 'etc', 'container', 'config.toml')];
}

/**
 * Reads the settings of a plugin, key by key from the first file that has it; undefined when no file has a section.
 * @throws LaunchportError ERR_PLUGIN_CONFIG for a file that cannot be read or is no TOML, a section that is no table, and
 *   a value that JSON cannot hold
 */
export async function readPluginSettings(
  name: string,
  roots: Pick<Roots, 'app' | 'install'>,
): Promise<PluginSettings | undefined> {
  const values: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const files: string[] = [];
  for (const file of pluginSettingsFiles(roots)) {
    const section = sectionOf(await readTomlFile(file), name);
    if (section === undefined) continue;
    if (!isTable(section)) throw bad(file, `plugin.${name}`, 'not a table');
    files.push(file);
    merge(values, section, { file, name, origins });
  }
  return files.length === 0 ? undefined : { values, origins, files };
}

/**
 * The variable's value for the job; undefined when there is nothing to forward.
 * @throws LaunchportError ERR_PLUGIN_CONFIG when it is too long
 */
export function forwardedConfiguration(
  name: string,
  settings: PluginSettings | undefined,
): string | undefined {
  if (settings === undefined) return undefined;
  const text = JSON.stringify(settings.values);
  if (Buffer.byteLength(text) <= MAX_CONFIGURATION_BYTES) return text;
  throw bad(settings.files.join(', '), `plugin.${name}`, `more than ${MAX_CONFIGURATION_BYTES} bytes`);
}

/** `[plugin.NAME]`, the name quoted or, when it has dots, as tables within tables. */
function sectionOf(document: unknown, name: string): unknown {
  const plugins = own(document, 'plugin');
  return own(plugins, name) ?? name.split('.').reduce<unknown>(own, plugins);
}

function own(value: unknown, key: string): unknown {
  return isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

interface Source {
  readonly file: string;
  readonly name: string;
  readonly origins: Map<string, string>;
}

/** Adds to `target` what it lacks. */
function merge(
  target: Record<string, unknown>,
  section: Readonly<Record<string, unknown>>,
  source: Source,
  prefix = '',
): void {
  for (const [key, value] of Object.entries(section)) {
    const path = `${prefix}${key}`;
    const before = Object.hasOwn(target, key) ? target[key] : undefined;
    if (isTable(value) && (before === undefined || isTable(before))) {
      const table = before ?? {};
      put(target, key, table);
      merge(table, value, source, `${path}.`);
    } else if (before === undefined) {
      put(target, key, toJson(value, path, source));
      source.origins.set(path, source.file);
    }
  }
}

/** Also for a key called `__proto__`. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function toJson(value: unknown, path: string, { file, name }: Source): unknown {
  const fail = (reason: string) => bad(file, `plugin.${name}.${path}`, reason);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') throw fail('larger than numbers can be exactly; write it as text');
  if (typeof value === 'number' && !Number.isFinite(value)) throw fail('not a finite number');
  if (Array.isArray(value))
    return value.map((item) => toJson(item, path, { file, name, origins: new Map() }));
  if (!isTable(value)) return value;
  const table = {};
  for (const [key, item] of Object.entries(value)) {
    put(table, key, toJson(item, `${path}.${key}`, { file, name, origins: new Map() }));
  }
  return table;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function bad(file: string, key: string, reason: string): LaunchportError {
  return new LaunchportError('ERR_PLUGIN_CONFIG', `${file}: ${key}: ${reason}`, {
    hint: 'Correct the file at that place.',
    details: { path: file, key },
  });
}
