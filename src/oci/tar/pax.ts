/** Extended headers of pax archives (POSIX.1-2017, pax, "pax Extended Header"). */

/** Keys and values in their order; of sparse files some keys come many times. */
export type PaxRecords = readonly (readonly [key: string, value: string])[];

const EQUALS = 0x3d;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Reads `LENGTH KEY=VALUE\n` records. By length, not by line: a value may hold anything.
 * @throws Error for what is no such record: what it was to say of the next entry would be lost
 */
export function parsePax(data: Buffer): PaxRecords {
  const records: [string, string][] = [];
  for (let position = 0; position < data.length; ) {
    // Some writers fill up with zeros.
    if (data[position] === 0 && data.subarray(position).every((byte) => byte === 0)) break;
    const space = data.indexOf(SPACE, position);
    const digits = space < 0 ? '' : data.toString('latin1', position, space);
    const end = position + Number(digits);
    const equals = data.indexOf(EQUALS, space);
    const isRecord =
      /^[1-9]\d{0,9}$/.test(digits) &&
      end <= data.length &&
      equals > space + 1 &&
      equals < end &&
      data[end - 1] === NEWLINE;
    if (!isRecord) throw new Error(`an extended header has no record at byte ${position}`);
    records.push([data.toString('utf8', space + 1, equals), data.toString('utf8', equals + 1, end - 1)]);
    position = end;
  }
  return records;
}

/** A number of seconds, with a fraction, as a date; undefined for an empty value, which takes a header's value away. */
export function paxDate(value: string): Date | undefined {
  const seconds = Number(value);
  const date = new Date(seconds * 1000);
  return value.trim() === '' || Number.isNaN(date.getTime()) ? undefined : date;
}

/** A whole number that is not negative. @throws Error for another value */
export function paxNumber(key: string, value: string): number {
  if (/^\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value);
  throw new Error(`an extended header has the ${key} ${JSON.stringify(value.slice(0, 100))}`);
}
