/** Random XPC values for property tests: the whole space, with what is likely to break more often than by chance. */
import fc from 'fast-check';
import {
  date,
  uint64,
  type XpcDictionary,
  XpcPortRight,
  XpcRawString,
  XpcUuid,
  type XpcValue,
} from '../../src/xpc/index.js';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Text that XPC can hold: no NUL, no half of a surrogate pair. */
export const text = (maxLength = 80): fc.Arbitrary<string> =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.string({ unit: 'binary-ascii', maxLength }) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('', 'echo', 'é', '\ufffd', '\ufeff', '𝄞', 'toString', '__proto__'),
      },
    )
    .map((value) => value.replaceAll('\0', '0'));

/** Keys: text, and what JavaScript objects treat in a special way. */
export const key: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: text(40) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '0', '17', '-1', '__proto__', 'constructor', 'XPCErrorDescription'),
  },
);

const bytes = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 96 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 60, max: 9_000 }).map((length) => new Uint8Array(length).fill(length)),
  },
);

// A byte that no UTF-8 has, so that the string cannot be text.
const rawString = fc
  .uint8Array({ maxLength: 40, min: 1 })
  .map((body) => new XpcRawString(Uint8Array.from([...body, 0xff])));

const scalar: fc.Arbitrary<XpcValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.bigInt({ min: MIN_INT64, max: MAX_INT64 }),
  fc.constantFrom(MIN_INT64, MAX_INT64, 0n, -1n, 2n ** 53n + 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(uint64),
  fc.double(),
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, 1, 2 ** 53),
  text(),
  rawString,
  bytes,
  fc.bigInt({ min: MIN_INT64, max: MAX_INT64 }).map(date),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((body) => new XpcUuid(body)),
);

/** Dictionaries with these leaves, nested anyhow. */
const dictionaries = (leaf: fc.Arbitrary<XpcValue>): fc.Arbitrary<XpcDictionary> =>
  fc.letrec<{ value: XpcValue; dictionary: XpcDictionary }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 6, arbitrary: leaf },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 8 }) },
      { weight: 1, arbitrary: tie('dictionary') },
    ),
    dictionary: fc.array(fc.tuple(key, tie('value')), { maxLength: 24 }).map(dictionaryOf),
  })).dictionary;

/** Any message as it is received, without rights. */
export const dictionary: fc.Arbitrary<XpcDictionary> = dictionaries(scalar);

/** How many different files, listeners and memories {@link plan} speaks of. */
export const RIGHTS_OF_A_KIND = 3;

const place = fc
  .nat(RIGHTS_OF_A_KIND - 1)
  .chain((index) =>
    fc.constantFrom(
      new XpcPortRight('fd', index),
      new XpcPortRight('endpoint', index),
      new XpcPortRight('shmem', index, 1n),
    ),
  );

/** Any message, with an XpcPortRight wherever a right is to be: its index says which of its type. */
export const plan: fc.Arbitrary<XpcDictionary> = dictionaries(
  fc.oneof({ weight: 3, arbitrary: scalar }, { weight: 1, arbitrary: place }),
);

/** A dictionary of entries; of equal keys the last counts. */
export function dictionaryOf(entries: readonly (readonly [string, XpcValue])[]): XpcDictionary {
  const result: Record<string, XpcValue> = Object.create(null);
  for (const [name, value] of entries) result[name] = value;
  return result;
}
