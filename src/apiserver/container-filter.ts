/** Which containers a list is to have. */
import type { ContainerListFilters } from '../compat/index.js';
import { routeError } from '../routes/index.js';
import type { ContainerEntry } from './container-entry.js';

/** Longest pattern, in characters: one is matched against every container. */
const MAX_PATTERN = 1_000;

/** A test for containers. @throws LaunchportError, code `invalidArgument` on the wire, for a pattern that is none */
export function filterFor(filters: ContainerListFilters | undefined): (entry: ContainerEntry) => boolean {
  if (filters === undefined) return () => true;
  const { ids, status, labels } = filters;
  const patterns = Object.entries(labels).map(([key, pattern]) => [key, compile(key, pattern)] as const);
  return ({ id, status: own, configuration }) =>
    (ids.length === 0 || ids.includes(id)) &&
    (status === undefined || status === own) &&
    // A label that is not there counts as empty, so that a pattern can ask for its absence.
    patterns.every(([key, pattern]) => pattern.test(configuration.labels[key] ?? ''));
}

function compile(key: string, pattern: string): RegExp {
  try {
    if (pattern.length > MAX_PATTERN) throw new Error(`longer than ${MAX_PATTERN} characters`);
    return new RegExp(pattern);
  } catch (cause) {
    throw routeError(
      'invalidArgument',
      `failed to compile regex '${pattern.slice(0, MAX_PATTERN)}' for ${key}`,
      {
        cause,
      },
    );
  }
}
