/** What a property list can hold, with nothing lost: a real is no integer, and integers are exact whatever their size. */

/** A real number that a JavaScript number would blur with an integer, such as `1.0`; or one that is not finite. */
export class PlistReal {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/**
 * A value. An integer is a number up to 2^53 and a bigint beyond, from -2^63 to 2^64-1; a real with a fraction is a
 * number, any other a {@link PlistReal}.
 */
export type PlistValue =
  | string
  | number
  | bigint
  | boolean
  | PlistReal
  | Date
  | Uint8Array
  | readonly PlistValue[]
  | PlistDictionary;

/** A dictionary. Its order is that of the file. */
export interface PlistDictionary {
  readonly [key: string]: PlistValue;
}

const MIN_INTEGER = -(1n << 63n);
const MAX_INTEGER = (1n << 64n) - 1n;

/**
 * An integer as a value.
 * @throws Error when it has more than 64 bits
 */
export function plistInteger(value: bigint): number | bigint {
  if (value < MIN_INTEGER || value > MAX_INTEGER) throw new Error('an integer of more than 64 bits');
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A real as a value. */
export function plistReal(value: number): number | PlistReal {
  return Number.isFinite(value) && !Number.isInteger(value) ? value : new PlistReal(value);
}

/** Whether a value is a dictionary, and not an array, data, a date or a real. */
export function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
