/** The shapes of the three config formats, and what is said when a file has another one. */
import * as z from 'zod/mini';
import { LaunchportError } from '../base/index.js';
import { type ConfigFormat, type PluginConfig, type PluginService, SERVICE_TYPES } from './config.js';

/** A value of the right syntax, read as a config. */
export interface CheckedConfig {
  readonly config: PluginConfig;
  /** Name that a `plugin.json` gives; the directory's name counts, not this one. */
  readonly statedName?: string;
  /** Key paths that nothing reads, such as `servicesConfig.timeout`. */
  readonly unknownKeys: readonly string[];
}

/** Most problems named in one message; all are in the details. */
const MAX_PROBLEMS = 5;

const type = z.enum(SERVICE_TYPES);
// Ends up in an argument vector, where NUL is the end of a string (execve(2)).
const argument = z
  .string()
  .check(z.refine((text) => !text.includes('\0'), 'must not contain a NUL character'));
// `null` counts as absent, as it does for Swift's decoder of optional values.
const service = z.object({ type, description: z.nullish(z.string()) });
const servicesConfig = z.object({
  loadAtBoot: z.boolean(),
  runAtLoad: z.boolean(),
  defaultArguments: z.array(argument),
  services: z.array(service),
});
const fullConfig = z.object({
  abstract: z.string(),
  author: z.nullish(z.string()),
  servicesConfig: z.nullish(servicesConfig),
});
const shortFields = {
  defaultArguments: z.nullish(z.array(argument)),
  shouldBoot: z.nullish(z.boolean()),
  runAtLoad: z.nullish(z.boolean()),
  abstract: z.nullish(z.string()),
  author: z.nullish(z.string()),
  name: z.nullish(z.string()),
  description: z.nullish(z.string()),
};
// Two schemas and not a union, whose errors would not say which of its members was meant.
const shortWithOneType = z.object({ ...shortFields, type });
const shortWithTypes = z.object({ ...shortFields, type: z.array(type) });

/**
 * Checks what a config file holds and brings it into the one model.
 * @throws LaunchportError ERR_PLUGIN_CONFIG naming path, key path, what was found and what is allowed
 */
export function checkConfig(value: unknown, format: ConfigFormat, path: string): CheckedConfig {
  return format === 'plugin.json' ? checkShort(value, path) : checkFull(value, path);
}

function checkFull(value: unknown, path: string): CheckedConfig {
  const config = check(fullConfig, value, path);
  const services = config.servicesConfig;
  const raw = value as { servicesConfig?: { services?: readonly object[] } };
  return {
    config: {
      abstract: config.abstract,
      ...optional('author', config.author),
      ...(services == null
        ? {}
        : { servicesConfig: { ...services, services: services.services.map(toService) } }),
    },
    unknownKeys: [
      ...extraKeys(value, fullConfig, ''),
      ...extraKeys(raw.servicesConfig, servicesConfig, 'servicesConfig.'),
      ...(raw.servicesConfig?.services ?? []).flatMap((item, index) =>
        extraKeys(item, service, `servicesConfig.services[${index}].`),
      ),
    ],
  };
}

function checkShort(value: unknown, path: string): CheckedConfig {
  const hasTypes = Array.isArray((value as { type?: unknown } | null)?.type);
  const config = hasTypes ? check(shortWithTypes, value, path) : check(shortWithOneType, value, path);
  const types = typeof config.type === 'string' ? [config.type] : config.type;
  return {
    config: {
      abstract: config.abstract ?? config.description ?? '',
      ...optional('author', config.author),
      servicesConfig: {
        loadAtBoot: config.shouldBoot ?? false,
        runAtLoad: config.runAtLoad ?? false,
        defaultArguments: config.defaultArguments ?? [],
        services: types.map((each) => ({ type: each })),
      },
    },
    ...optional('statedName', config.name),
    unknownKeys: extraKeys(value, shortWithTypes, ''),
  };
}

function toService(input: z.infer<typeof service>): PluginService {
  return { type: input.type, ...optional('description', input.description) };
}

function optional<K extends string, V>(key: K, value: V | null | undefined): { readonly [P in K]?: V } {
  return value == null ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

function extraKeys(value: unknown, schema: z.ZodMiniObject, prefix: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value)
    .filter((key) => !Object.hasOwn(schema.shape, key))
    .map((key) => prefix + key);
}

function check<S extends z.ZodMiniType>(schema: S, value: unknown, path: string): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => describe(issue, value));
  const more = problems.length - MAX_PROBLEMS;
  const shown = [...problems.slice(0, MAX_PROBLEMS), ...(more > 0 ? [`and ${more} more`] : [])];
  throw new LaunchportError('ERR_PLUGIN_CONFIG', `${path}: ${shown.join('; ')}`, {
    hint: 'Correct the keys named in the message.',
    details: { path, problems },
  });
}

/** `servicesConfig.services[1].type: found "storage", allowed: "runtime", …` */
function describe(issue: z.core.$ZodIssue, root: unknown): string {
  const key = issue.path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
  const found = issue.path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part],
    root,
  );
  const subject = key === '' ? '' : `${key}: `;
  if (issue.code === 'custom') return `${subject}${issue.message}`;
  const allowed = allowedBy(issue);
  return found === undefined
    ? `${subject}missing, allowed: ${allowed}`
    : `${subject}found ${describeValue(found)}, allowed: ${allowed}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  array: 'an array',
  object: 'a table',
};

function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return TYPE_NAMES[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(', ');
  return issue.message;
}

function describeValue(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return 'a date';
  if (typeof value !== 'string') return Array.isArray(value) ? 'an array' : 'a table';
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
}
