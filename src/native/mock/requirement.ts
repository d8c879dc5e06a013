/** Requirements on the other end: whether one can be checked here, and whether a process meets it. */
import { isAbsolute } from 'node:path';
import { Refusal } from '../records.js';
import type { PeerCredentials, PeerRequirement } from '../targets.js';
import { assertWord } from './arguments.js';
import { systemError } from './system-error.js';

/** What of a process its peers can check. */
export interface Identity {
  readonly credentials: PeerCredentials;
  /** Path of its program, if it has one. */
  readonly executable: string | undefined;
}

/**
 * Checks what a requirement is made of.
 * @throws TypeError for wrong types; Error with code ENOTSUP for code signatures, EINVAL for what nobody could meet
 */
export function assertRequirement(requirement: PeerRequirement | undefined): void {
  if (requirement === undefined) return;
  if (typeof requirement !== 'object' || requirement === null) {
    throw new TypeError('requirement must be an object');
  }
  const { users, groups, executables, code } = requirement;
  if (users !== 'any') assertList(users, 'users', (id) => assertWord(id, 'user'));
  assertList(groups, 'groups', (id) => assertWord(id, 'group'));
  assertList(executables, 'executables', assertPath);
  if (code !== undefined) {
    if (typeof code !== 'object' || code === null) throw new TypeError('code must be an object');
    throw systemError('ENOTSUP', 'requirement', 'code signatures');
  }
  for (const list of [users, groups, executables]) {
    if (list?.length === 0) throw systemError('EINVAL', 'requirement', 'an empty list allows nobody');
  }
  const relative = executables?.find((path) => !isAbsolute(path));
  if (relative !== undefined) throw systemError('EINVAL', 'requirement', relative);
}

/**
 * What of the requirement `peer` does not meet, one of {@link Refusal}; undefined when it meets all.
 * `defaultUsers` are allowed when the requirement names none.
 */
export function refusalOf(
  requirement: PeerRequirement | undefined,
  peer: Identity,
  defaultUsers: readonly number[],
): number | undefined {
  const { users = defaultUsers, groups, executables } = requirement ?? {};
  const { euid, egid } = peer.credentials;
  if (users !== 'any' && !users.includes(euid)) return Refusal.user;
  if (groups !== undefined && !groups.includes(egid)) return Refusal.group;
  if (executables !== undefined && !executables.includes(peer.executable ?? '')) return Refusal.executable;
  return undefined;
}

/** One that is not absolute, the empty one too, is malformed rather than wrong. */
function assertPath(path: string): void {
  if (typeof path !== 'string' || path.includes('\0')) throw new TypeError('executable must be a path');
}

function assertList<T>(value: readonly T[] | undefined, what: string, assertItem: (item: T) => void): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw new TypeError(`${what} must be an array`);
  for (const item of value) assertItem(item);
}
