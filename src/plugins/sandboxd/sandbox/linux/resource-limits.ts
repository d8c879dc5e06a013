/** Resource limits of processes, from names to the numbers that Linux has for them. */
import type { ResourceLimit } from '../sandbox.js';

/** By number; the same on x86-64 and arm64 (getrlimit(2), asm-generic/resource.h). */
const NAMES = [
  'CPU',
  'FSIZE',
  'DATA',
  'STACK',
  'CORE',
  'RSS',
  'NPROC',
  'NOFILE',
  'MEMLOCK',
  'AS',
  'LOCKS',
  'SIGPENDING',
  'MSGQUEUE',
  'NICE',
  'RTPRIO',
  'RTTIME',
];

const INFINITY = 2n ** 64n - 1n;

/** A limit's name without its prefix, upper case. */
export const plainLimitName = (name: string) => name.toUpperCase().replace(/^RLIMIT_/, '');

/**
 * `NUMBER:SOFT:HARD,…` as launchport-sandbox takes it. Negative and overlong values mean no limit.
 * @throws RangeError for an unknown name or a soft limit above the hard one
 */
export function limitList(limits: readonly ResourceLimit[]): string {
  return limits
    .map(({ limit, soft, hard }) => {
      const number = NAMES.indexOf(plainLimitName(limit));
      if (number < 0) throw new RangeError(`there is no resource limit "${limit}"`);
      const pair = [value(soft), value(hard)] as const;
      if (pair[0] > pair[1]) throw new RangeError(`the soft limit of ${limit} is above the hard one`);
      return `${number}:${pair[0]}:${pair[1]}`;
    })
    .join(',');
}

function value(limit: bigint | number): bigint {
  if (typeof limit === 'number' && !Number.isSafeInteger(limit)) return INFINITY;
  const exact = BigInt(limit);
  return exact < 0n || exact > INFINITY ? INFINITY : exact;
}
