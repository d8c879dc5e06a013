/** A process in the form in which launchport-sandbox reads it; native/linux/sandbox/description.h is the counterpart. */
import type { ProcessSpec, ResourceLimit } from '../sandbox.js';
import { limitList, plainLimitName } from './resource-limits.js';

/** Longest description that the program takes, in bytes; above what execve(2) takes. */
const MAX_BYTES = 4 << 20;
const MAX_ID = 2 ** 32 - 2;

/** What holds for all processes of one sandbox. */
export interface ProcessPolicy {
  readonly capabilities: bigint;
  /** The sandbox has a user namespace that knows root alone. */
  readonly knowsRootOnly: boolean;
  /** System call filter, an array of `struct sock_filter`; empty for none. */
  readonly filter: Uint8Array;
  /** Limits for processes that do not set them themselves. */
  readonly defaultLimits: readonly ResourceLimit[];
}

/**
 * The bytes for one process.
 * @throws RangeError for what no process can have: NUL in a text, an id that is none, an unknown limit, too much of it
 */
export function describeProcess(spec: ProcessSpec, policy: ProcessPolicy): Buffer {
  const { uid, gid } = spec.user;
  for (const id of [uid, gid, ...spec.supplementalGroups]) {
    if (!Number.isInteger(id) || id < 0 || id > MAX_ID)
      throw new RangeError(`there is no user or group ${id}`);
  }
  const needsNamespace = policy.knowsRootOnly && (uid !== 0 || gid !== 0);
  const flags = [spec.isTerminal ? 't' : '', policy.knowsRootOnly ? '' : 'g', needsNamespace ? 'n' : ''];
  const own = new Set(spec.rlimits.map(({ limit }) => plainLimitName(limit)));
  const limits = [...policy.defaultLimits.filter(({ limit }) => !own.has(limit)), ...spec.rlimits];
  const fields: (string | Uint8Array)[] = [
    flags.join(''),
    String(uid),
    String(gid),
    spec.supplementalGroups.join(','),
    policy.capabilities.toString(16),
    limitList(limits),
    spec.workingDirectory || '/',
    policy.filter,
    spec.executable,
    String(spec.arguments.length + 1),
    spec.executable,
    ...spec.arguments,
    // One without a name could not be read by anyone.
    ...spec.environment.filter((entry) => entry.indexOf('=') > 0),
  ];
  const description = Buffer.concat(fields.map(netstring));
  if (description.length > MAX_BYTES) throw new RangeError('arguments and environment are too long');
  return description;
}

function netstring(field: string | Uint8Array): Buffer {
  const bytes = typeof field === 'string' ? Buffer.from(field) : field;
  if (typeof field === 'string' && field.includes('\0'))
    throw new RangeError('a text with NUL cannot be passed');
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(',')]);
}
