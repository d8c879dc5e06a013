/** A plugin's own settings, `[plugin.NAME]`: from the host, or read from the files where the host does not forward them. */
import type { z } from 'zod';
import { errorText, LaunchportError } from '../base/index.js';
import type { PluginDefinition } from './define-plugin.js';
import type { PluginContext } from './plugin-context.js';
import type { PluginProcess } from './plugin-process.js';

/** Variable in which a host forwards the settings of a plugin, as a JSON object (apple/container forwards none). */
export const CONFIGURATION_VARIABLE = 'CONTAINER_PLUGIN_CONFIGURATION';

interface Settings {
  readonly values: Readonly<Record<string, unknown>>;
  /** The file that a key, as `a.b`, comes from. */
  fileOf(key: string): string | undefined;
  /** Where settings are looked for, for advice. */
  readonly place: string;
}

/**
 * The settings as the plugin's schema makes them; undefined when it has none.
 * @throws LaunchportError ERR_PLUGIN_CONFIG that names file, key and reason
 */
export async function loadConfiguration(plugin: PluginDefinition, process: PluginProcess): Promise<unknown> {
  const { configuration: schema, name } = plugin;
  if (schema === undefined) return undefined;
  const given = process.env[CONFIGURATION_VARIABLE];
  const values = given === undefined ? (await fromFiles(name, process)).values : fromHost(name, given);
  const result = await schema.safeParseAsync(values);
  if (result.success) return result.data;
  const settings = await fromFiles(name, process);
  const problems = result.error.issues.map((issue) => problemText(issue, settings));
  throw new LaunchportError('ERR_PLUGIN_CONFIG', `settings of plugin ${name}: ${problems.join('; ')}`, {
    hint: `Correct them under [plugin.${name}] in ${settings.place}.`,
    details: { plugin: name, problems },
  });
}

/**
 * The settings of a plugin in a route's handler, with the type of its schema: that which `definePlugin` was given.
 * @example const { pool } = configurationOf(context.plugin, settings);
 */
export function configurationOf<T extends z.ZodType>(plugin: PluginContext, _schema: T): z.output<T> {
  return plugin.configuration as z.output<T>;
}

function fromHost(name: string, text: string): Readonly<Record<string, unknown>> {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw notAnObject(name, errorText(error), error);
  }
  if (typeof values === 'object' && values !== null && !Array.isArray(values))
    return values as Record<string, unknown>;
  throw notAnObject(name, 'it holds something else');
}

function notAnObject(name: string, reason: string, cause?: unknown): LaunchportError {
  return new LaunchportError(
    'ERR_PLUGIN_CONFIG',
    `settings of plugin ${name}: ${CONFIGURATION_VARIABLE} is no JSON object: ${reason}`,
    { hint: 'The host sets it; by hand, leave it out.', cause },
  );
}

async function fromFiles(name: string, { env }: PluginProcess): Promise<Settings> {
  // Loaded when it is needed: most plugins have no settings, or get them from the host.
  const { pluginSettingsFiles, readPluginSettings, resolveRoots } = await import('../plugin/index.js');
  const roots = resolveRoots({}, env);
  const settings = await readPluginSettings(name, roots);
  return {
    values: settings?.values ?? {},
    fileOf: (key) => settings?.origins.get(key),
    place: settings?.files.join(' or ') ?? pluginSettingsFiles(roots).join(' or '),
  };
}

function problemText(issue: z.core.$ZodIssue, { fileOf, values }: Settings): string {
  const key = issue.path.map(String).join('.');
  const file = issue.path
    .map((_, index) =>
      fileOf(
        issue.path
          .slice(0, index + 1)
          .map(String)
          .join('.'),
      ),
    )
    .findLast((found) => found !== undefined);
  const isThere =
    issue.path.reduce<unknown>(
      (value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part],
      values,
    ) !== undefined;
  const where = file === undefined ? '' : `${file}: `;
  return `${where}${key === '' ? '' : `${key}: `}${isThere || key === '' ? '' : 'missing; '}${issue.message}`;
}
