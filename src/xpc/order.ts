/** The order in which Apple's libxpc writes the entries of a dictionary. */

const BUCKETS = 7n;

/** The key of an error's text, which libxpc keeps in bucket 0 whatever its hash. */
const ERROR_DESCRIPTION_KEY = 'XPCErrorDescription';

/** The bucket of a key: a 64-bit hash over its bytes as signed chars, h = h * 33 + c from 5381, modulo 7. */
export function libxpcBucket(key: string): number {
  if (key === ERROR_DESCRIPTION_KEY) return 0;
  let hash = 5381n;
  for (const byte of Buffer.from(key, 'utf8')) {
    hash = BigInt.asUintN(64, hash * 33n + BigInt.asIntN(8, BigInt(byte)));
  }
  return Number(hash % BUCKETS);
}

/**
 * The entries as libxpc would write a dictionary they were set on one by one: a new entry goes to the front of its
 * bucket, and the buckets are written from 0 to 6. Applying it twice does not give the first result again.
 */
export function libxpcOrder<T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] {
  const buckets: (readonly [string, T])[][] = Array.from({ length: Number(BUCKETS) }, () => []);
  for (const entry of entries) buckets[libxpcBucket(entry[0])]?.unshift(entry);
  return buckets.flat();
}
