/** Job property lists: bytes to a checked definition, and a definition to XML. */
import { LaunchportError } from '../base/index.js';
import { decodePlist, type UncheckedDictionary } from './plist-decode.js';
import { pruneIssues } from './plist-prune.js';
import {
  FREE_KEYS,
  type JobDefinition,
  type JobDefinitionInput,
  jobSchema,
  OBSOLETE_KEYS,
} from './plist-schema.js';
import { isDictionary, PlistReal, type PlistValue } from './plist-value.js';
import { buildXmlPlist } from './plist-xml-write.js';

/** Something wrong in a plist that does not keep the job from being loaded. */
export interface PlistNote {
  /** The key, with dots into dictionaries and lists: `EnvironmentVariables.LEVEL`. */
  readonly key: string;
  /** The key and what became of it, in one sentence. */
  readonly text: string;
}

/** A job definition and what was wrong but not fatal in its plist. */
export interface ParsedJobPlist {
  readonly definition: JobDefinition;
  /** One sentence per dropped key or value. */
  readonly warnings: readonly string[];
}

type Note = (key: string, text: string) => void;

const KEYS = new Map(Object.keys(jobSchema.shape).map((key) => [key.toLowerCase(), key]));

/**
 * Reads an XML or binary plist. As in launchd, an unknown key or a value of a wrong type is dropped with a warning,
 * and key names may differ in case. What a job cannot do without is checked strictly: `Label`, and `Program` (an
 * absolute path) or `ProgramArguments`.
 * @param path only for messages
 * @throws LaunchportError ERR_LAUNCHD_PLIST
 */
export function parseJobPlist(data: string | Uint8Array, path?: string): ParsedJobPlist {
  const { definition, notes } = inspectJobPlist(data, path);
  return { definition, warnings: notes.map((note) => note.text) };
}

/** As {@link parseJobPlist}, with the key of each warning. */
export function inspectJobPlist(
  data: string | Uint8Array,
  path?: string,
): { readonly definition: JobDefinition; readonly notes: readonly PlistNote[] } {
  const notes: PlistNote[] = [];
  const note = (key: string, text: string) => void notes.push({ key, text });
  const onDuplicate = (key: string) => note(key, `key ${key} is given twice; the last value counts`);
  const known = canonicalKeys(decodePlist(data, path, onDuplicate), note);
  const definition = pruneIssues(known, note, (key, reason) => plistError(`${key}: ${reason}`, path, key));
  if (definition.Program === undefined && definition.ProgramArguments === undefined) {
    throw plistError('neither Program nor ProgramArguments is given', path, 'ProgramArguments');
  }
  return { definition, notes };
}

/**
 * Writes a definition as an XML plist, keys in a fixed order, so that equal definitions give equal text. Nothing is
 * dropped in silence: whatever launchd would ignore is refused. Undefined keys are left out.
 * @throws LaunchportError ERR_LAUNCHD_PLIST also for a number beyond 2^53, which is not exact: give a bigint
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
    return buildXmlPlist(withoutUndefined(result.data) as PlistValue);
  } catch (error) {
    throw plistError('a text holds a character that XML cannot carry', undefined, undefined, error);
  }
}

/** Maps key names to Apple's spelling and resolves the obsolete ones. */
function canonicalKeys(dictionary: UncheckedDictionary, note: Note): UncheckedDictionary {
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(dictionary)) {
    const key = KEYS.get(name.toLowerCase());
    if (key === undefined) {
      const isObsolete = OBSOLETE_KEYS.has(name);
      note(name, isObsolete ? `obsolete key ${name} ignored` : `unknown key ${JSON.stringify(name)} ignored`);
    } else if (key === name) {
      known[key] = value;
    } else if (Object.hasOwn(dictionary, key) || Object.hasOwn(known, key)) {
      note(name, `key ${name} ignored: ${key} is given too`);
    } else {
      note(name, `key ${name} read as ${key}`);
      known[key] = value;
    }
  }
  if (dictionary.OnDemand === false && !Object.hasOwn(known, 'KeepAlive')) {
    note('OnDemand', 'OnDemand false read as KeepAlive true');
    known.KeepAlive = true;
  }
  return Object.fromEntries(
    Object.entries(known).map(([key, value]) => [
      key,
      FREE_KEYS.has(key) ? value : withoutReals(value, key, note),
    ]),
  );
}

/** launchd wants integers; a real that has no fraction says as much. */
function withoutReals(value: unknown, path: string, note: Note): unknown {
  if (value instanceof PlistReal && Number.isSafeInteger(value.value)) {
    note(path, `${path} is a real number; read as the integer ${value.value}`);
    return value.value;
  }
  if (Array.isArray(value)) return value.map((each, index) => withoutReals(each, `${path}.${index}`, note));
  if (!isDictionary(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withoutReals(each, `${path}.${key}`, note)]),
  );
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isDictionary(value)) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([key, each]) => [key, withoutUndefined(each)]));
}

/** Refuses, at any depth, a number that XML would carry but not exactly. */
function assertExact(value: unknown, path: string): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw plistError(`${path} is not a finite number`, undefined, path);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw plistError(`${path} is beyond 2^53 and not exact; give a bigint`, undefined, path);
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
