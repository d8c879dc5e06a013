/** The fields of a request as typed on a command line: KEY=TEXT is a string, KEY:TYPE=TEXT any other XPC type. */
import { LaunchportError } from '../base/index.js';
import { date, uint64, uuid, type XpcValue } from '../xpc/index.js';

const FIELD = /^(?<key>[^=:]+)(?::(?<type>[a-z0-9]+))?=(?<text>[\s\S]*)$/;

/** How the text of each type becomes a value. Each returns undefined for text that is not of the type. */
const PARSERS: Readonly<Record<string, (text: string) => XpcValue | undefined>> = {
  string: (text) => text,
  int64: (text) => inRange(text, -(2n ** 63n), 2n ** 63n - 1n),
  uint64: (text) => {
    const value = inRange(text, 0n, 2n ** 64n - 1n);
    return value === undefined ? undefined : uint64(value);
  },
  double: (text) => (text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)),
  bool: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  date: (text) => (Number.isNaN(Date.parse(text)) ? undefined : date(new Date(text))),
  uuid: (text) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? uuid(text) : undefined),
  data: (text) => (/^([0-9a-f]{2})*$/i.test(text) ? Uint8Array.from(Buffer.from(text, 'hex')) : undefined),
  // Upstream's convention: structured values travel as JSON in a data field.
  json: (text) => (isJson(text) ? Uint8Array.from(Buffer.from(text)) : undefined),
};

/**
 * Parses `fields` into the dictionary of a request.
 * @throws LaunchportError ERR_USAGE naming the field, for bad syntax, an unknown type, text not of its type, or a key
 *   given twice
 */
export function parseFields(fields: readonly string[]): Record<string, XpcValue> {
  const dictionary: Record<string, XpcValue> = Object.create(null);
  for (const field of fields) {
    const { key, type = 'string', text } = FIELD.exec(field)?.groups ?? {};
    if (key === undefined || text === undefined) throw usage(field, 'is not KEY=TEXT or KEY:TYPE=TEXT');
    const parse = Object.hasOwn(PARSERS, type) ? PARSERS[type] : undefined;
    if (parse === undefined)
      throw usage(field, `has an unknown type; known are ${Object.keys(PARSERS).join(', ')}`);
    const value = parse(text);
    if (value === undefined) throw usage(field, `is not of type ${type}`);
    if (Object.hasOwn(dictionary, key)) throw usage(field, 'gives its key a second time');
    dictionary[key] = value;
  }
  return dictionary;
}

function usage(field: string, problem: string): LaunchportError {
  return new LaunchportError('ERR_USAGE', `field ${JSON.stringify(field)} ${problem}`, {
    hint: 'Examples: name=web  count:int64=5  on:bool=true  payload:json=\'{"a":1}\'  bytes:data=00ff',
    details: { field },
  });
}

function inRange(text: string, low: bigint, high: bigint): bigint | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= low && value <= high ? value : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
