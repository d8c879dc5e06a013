/** Job property lists: bytes to a checked definition, and a definition to XML. */
import { build, type PlistValue } from 'plist';
import { LaunchportError } from '../base/index.js';
import { decodePlist, isDictionary, type PlistDictionary } from './plist-decode.js';
import { pruneIssues } from './plist-prune.js';
import { type JobDefinition, type JobDefinitionInput, jobSchema, OBSOLETE_KEYS } from './plist-schema.js';

/** A job definition and what was wrong but not fatal in its plist. */
export interface ParsedJobPlist {
  readonly definition: JobDefinition;
  /** One sentence per dropped key or value. */
  readonly warnings: readonly string[];
}

const KEYS = new Map(Object.keys(jobSchema.shape).map((key) => [key.toLowerCase(), key]));

/**
 * Reads an XML or binary plist. As in launchd, an unknown key or a value of a wrong type is dropped with a warning,
 * and key names may differ in case. What a job cannot do without is checked strictly: `Label`, and `Program` (an
 * absolute path) or `ProgramArguments`.
 * @param path only for messages
 * @throws LaunchportError ERR_LAUNCHD_PLIST
 */
export function parseJobPlist(data: string | Uint8Array, path?: string): ParsedJobPlist {
  const warnings: string[] = [];
  const known = canonicalKeys(decodePlist(data, path), warnings);
  const definition = pruneIssues(known, warnings, (key, reason) =>
    plistError(`${key}: ${reason}`, path, key),
  );
  if (definition.Program === undefined && definition.ProgramArguments === undefined) {
    throw plistError('neither Program nor ProgramArguments is given', path, 'ProgramArguments');
  }
  return { definition, warnings };
}

/**
 * Writes a definition as an XML plist, keys in a fixed order, so that equal definitions give equal text. Nothing is
 * dropped in silence: whatever launchd would ignore is refused. Undefined keys are left out.
 * @throws LaunchportError ERR_LAUNCHD_PLIST also for an integer beyond 2^53, which a number does not hold exactly
 */
export function buildJobPlist(definition: JobDefinitionInput): string {
  const result = jobSchema.safeParse(definition);
  if (!result.success) {
    const issue = result.error.issues[0];
    const key = issue?.path.join('.') ?? '';
    throw plistError(`${key === '' ? 'definition' : key}: ${issue?.message}`, undefined, key);
  }
  if (result.data.Program === undefined && result.data.ProgramArguments === undefined) {
    throw plistError('neither Program nor ProgramArguments is given', undefined, 'ProgramArguments');
  }
  assertExact(result.data, '');
  try {
    return `${build(result.data as unknown as PlistValue)}\n`;
  } catch (error) {
    throw plistError('a text holds a character that XML cannot carry', undefined, undefined, error);
  }
}

/** Maps key names to Apple's spelling and resolves the obsolete ones. */
function canonicalKeys(dictionary: PlistDictionary, warnings: string[]): PlistDictionary {
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(dictionary)) {
    const key = KEYS.get(name.toLowerCase());
    if (key === undefined) {
      warnings.push(
        OBSOLETE_KEYS.has(name)
          ? `obsolete key ${name} ignored`
          : `unknown key ${JSON.stringify(name)} ignored`,
      );
    } else if (key === name) {
      known[key] = value;
    } else if (Object.hasOwn(dictionary, key) || Object.hasOwn(known, key)) {
      warnings.push(`key ${name} ignored: ${key} is given too`);
    } else {
      warnings.push(`key ${name} read as ${key}`);
      known[key] = value;
    }
  }
  if (dictionary.OnDemand === false && !Object.hasOwn(known, 'KeepAlive')) {
    warnings.push('OnDemand false read as KeepAlive true');
    known.KeepAlive = true;
  }
  return known;
}

/** Refuses, at any depth, a number that XML would carry but not exactly. */
function assertExact(value: unknown, path: string): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw plistError(`${path} is not a finite number`, undefined, path);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw plistError(`${path} is beyond 2^53 and would not be exact`, undefined, path);
    }
  } else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) assertExact(element, `${path}[${index}]`);
  } else if (isDictionary(value)) {
    for (const [key, element] of Object.entries(value))
      assertExact(element, path === '' ? key : `${path}.${key}`);
  } else if (value === null || typeof value === 'function' || typeof value === 'symbol') {
    throw plistError(`${path} has a type that a plist cannot hold`, undefined, path);
  }
}

function plistError(what: string, path?: string, key?: string, cause?: unknown): LaunchportError {
  return new LaunchportError(
    'ERR_LAUNCHD_PLIST',
    `bad job plist${path === undefined ? '' : ` ${path}`}: ${what}`,
    {
      hint: 'See launchd.plist(5); `plutil -lint` checks the syntax.',
      details: { ...(path === undefined ? {} : { path }), ...(key === undefined ? {} : { key }) },
      cause,
    },
  );
}
