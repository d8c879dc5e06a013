/** Turns schema issues into what launchd does about them: a wrong value is dropped, a wrong vital key is fatal. */
import type { z } from 'zod';
import type { LaunchportError } from '../base/index.js';
import type { UncheckedDictionary } from './plist-decode.js';
import { CRITICAL_KEYS, type JobDefinition, jobSchema } from './plist-schema.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * The definition that is left when every wrong value is dropped, the smallest part at a time: one environment
 * variable, one condition of KeepAlive. Tells of each drop by `note`.
 * @throws what `fatal(key, reason)` makes, when Label, Program or ProgramArguments is wrong
 */
export function pruneIssues(
  dictionary: UncheckedDictionary,
  note: (key: string, text: string) => void,
  fatal: (key: string, reason: string) => LaunchportError,
): JobDefinition {
  let value: unknown = dictionary;
  for (;;) {
    const result = jobSchema.safeParse(value);
    if (result.success) return result.data;
    // One issue at a time: dropping one may shift the array indexes that the others name.
    const { path, message } = deepest(result.error.issues[0] as Issue);
    const key = String(path[0]);
    if (CRITICAL_KEYS.has(key)) {
      throw fatal(path.map(String).join('.'), Object.hasOwn(dictionary, key) ? message : 'missing');
    }
    const place = path.map(String).join('.');
    note(place, `${place} ignored: ${message}`);
    value = without(value, path);
  }
}

/** The issue at the smallest part of the value that is wrong. */
function deepest(issue: Issue): { readonly path: Path; readonly message: string } {
  if (issue.code === 'unrecognized_keys') {
    return { path: [...issue.path, issue.keys[0] as string], message: 'unknown key' };
  }
  if (issue.code === 'invalid_key') {
    return { path: issue.path, message: issue.issues[0]?.message ?? issue.message };
  }
  if (issue.code === 'invalid_union') {
    // The alternative whose outer type fits is the one that was meant; its issues lie deeper.
    const meant = issue.errors.find((errors) =>
      errors.every((inner) => inner.path.length > 0 || isInside(inner)),
    );
    const inner = meant?.[0];
    if (inner !== undefined) return deepest({ ...inner, path: [...issue.path, ...inner.path] });
    return { path: issue.path, message: 'wrong type or value' };
  }
  return { path: issue.path, message: issue.message.replace('Invalid input: ', '') };
}

function isInside(issue: Issue): boolean {
  return issue.code === 'unrecognized_keys';
}

/** A copy of `value` without the part at `path`. */
function without(value: unknown, path: Path): unknown {
  const [head, ...rest] = path;
  if (Array.isArray(value)) {
    const index = Number(head);
    return rest.length === 0 ? value.toSpliced(index, 1) : value.with(index, without(value[index], rest));
  }
  return Object.fromEntries(
    Object.entries(value as UncheckedDictionary).flatMap(([key, element]): [string, unknown][] => {
      if (key !== head) return [[key, element]];
      return rest.length === 0 ? [] : [[key, without(element, rest)]];
    }),
  );
}
